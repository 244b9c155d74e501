import { setTimeout } from 'node:timers/promises';
import { startTunnel } from '@lightspeed/client';
import { Random } from '@lightspeed/netem';
import type { Impairments, NetemStats } from '@lightspeed/netem';
import { formatIpv4 } from '@lightspeed/wire';
import { sumOf } from '../figures.ts';
import { LOOPBACK } from '../loopback-socket.ts';
import { LossyLink } from '../lossy-link.ts';
import { startBot } from './bot.ts';
import type { Bot } from './bot.ts';
import { startGameServer } from './game-server.ts';
import type { StreamStats } from './numbered-stream.ts';
import { startOpenNode } from './open-node.ts';

/** What a bot sends, with room for parity, handshakes and a burst after a pause: one client carries them all. */
const BOT_PPS = 250;
/** How long a tunnel may take to open over a lossy link: several handshakes may be lost. */
const ESTABLISH_MS = 5_000;
/**
 * When nothing has arrived for so long, the rest is lost. Node and tunnel have published their gauges by then, and count what was
 * recovered: for up to a second it may come after all.
 */
const QUIET_MS = 1_200;
const LONGEST_WAIT_MS = 3_000;

/** How large a game is, and how it is carried. */
export interface CarriedGameOptions {
  readonly bots: number;
  /** 0 for none. */
  readonly fecGroupSize: number;
  readonly io: 'auto' | 'batch' | 'portable';
  /** Decides what the link does, and what bots and server send. */
  readonly seed: number;
  /** What the link does, each way. */
  readonly link: Impairments;
}

/** What a carried game came to so far. */
export type GameReport = ReturnType<Awaited<ReturnType<typeof startCarriedGame>>['report']>;

/** One direction of a carried game. */
export type DirectionReport = GameReport['toServer'];

/**
 * Starts the whole way of a game's datagrams, on loopback:
 *
 * ```
 *   bots -- ingress [client] -- lossy link -- data port [node] egress sockets -- game server
 * ```
 *
 * Rejects, with all that was started ended, if the tunnel does not open.
 */
export async function startCarriedGame({ bots: size, fecGroupSize, io, seed, link: toTarget }: CarriedGameOptions) {
  const random = new Random(seed);
  await using started = new AsyncDisposableStack();
  const server = started.use(await startGameServer(random.fork()));
  const node = await startOpenNode({ gameServer: server.address, io, maxPpsPerClient: size * BOT_PPS });
  started.defer(() => node.close());
  const target = { ip: LOOPBACK, port: node.dataAddress.port };
  const link = started.use(await LossyLink.open({ target, seed: random.nextU32(), toTarget }));
  const tunnel = await startTunnel({
    node: { host: formatIpv4(link.address.ip), port: link.address.port },
    ...{ ingresses: [{ listen: { ip: LOOPBACK, port: 0 }, gameServer: server.address }], fecGroupSize, io },
    // Runs are short: measure the round trip from their first second on.
    keepaliveMs: 1_000,
  });
  started.use(tunnel);
  await tunnel.established(ESTABLISH_MS);
  const bots: Bot[] = [];
  for (let id = 1; id <= size; id++) bots.push(started.use(await startBot(id, tunnel.ingresses[0].listen, random.fork())));
  const resources = started.move();
  const startedMs = performance.now();

  const direction = (from: readonly StreamStats[], to: readonly StreamStats[], netem: NetemStats, recovered: number, ended: boolean) => {
    const sent = sumOf(from, (stream) => stream.sent);
    const arrived = sumOf(to, ({ received }) => received);
    return {
      /** Datagrams that the game sent into its side, and different ones that came out on the other. */
      sent,
      arrived,
      /** Those that did not: while the game runs, not before a newer one; at its end, at all. */
      lost: ended ? sent - arrived : sumOf(to, ({ missing }) => missing),
      /** Packets of the tunnel that entered the emulated link, and those that it lost. */
      linkPackets: netem.sent,
      linkLost: netem.lostRandom + netem.lostBurst + netem.lostQueue,
      /** Datagrams that parity brought back. */
      recovered,
    };
  };
  /** @param ended whether nothing more is on the way: what has not arrived is lost */
  const report = (ended = false) => {
    const [botStats, serverStats, { counters, rtt }] = [bots.map((bot) => bot.stats()), server.stats(), tunnel.stats()];
    const [atBots, atServer] = [botStats, serverStats.players].map((side) => side.map(({ stream }) => stream));
    const timed = atBots.filter(({ rttMs }) => rttMs >= 0);
    return {
      seconds: (performance.now() - startedMs) / 1_000,
      bots: size,
      joined: botStats.filter(({ joined }) => joined).length,
      toServer: direction(atBots, atServer, link.stats.toTarget, node.stats().relay.fecRecovered, ended),
      toBots: direction(atServer, atBots, link.stats.toSource, counters.fecRecovered, ended),
      /** Smoothed, of the tunnel's keepalives; -1 before the first. */
      tunnelRttMs: rtt?.smoothedMs ?? -1,
      /** Smoothed, of the game's own datagrams, the mean over bots; -1 before the first. */
      gameRttMs: timed.length === 0 ? -1 : sumOf(timed, ({ rttMs }) => rttMs) / timed.length,
      /** Datagrams that arrived changed, at somebody else, or again. */
      corrupted: serverStats.corrupted + sumOf(botStats, ({ corrupted }) => corrupted),
      misdelivered: serverStats.misdelivered + sumOf(botStats, ({ misdelivered }) => misdelivered),
      duplicated: sumOf([...atBots, ...atServer], ({ duplicates }) => duplicates),
      /** Bots that have joined and got no snapshot, and of which the server got no input. */
      botsWithoutSnapshots: atBots.filter(({ received }) => received === 0).length,
      botsWithoutInputs: size - atServer.filter(({ received }) => received > 0).length,
    };
  };
  /** Lets nobody send any more and what is under way arrive. */
  const finish = async () => {
    for (const end of [...bots, server]) end.stopSending();
    const untilMs = performance.now() + LONGEST_WAIT_MS;
    const arrived = () => report().toServer.arrived + report().toBots.arrived;
    for (let before = -1; arrived() !== before && performance.now() < untilMs;) {
      before = arrived();
      await setTimeout(QUIET_MS);
    }
    return report(true);
  };
  return { report: () => report(), finish, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
