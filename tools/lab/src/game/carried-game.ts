import { setTimeout } from 'node:timers/promises';
import { startTunnel } from '@lightspeed/client';
import { DEFAULT_PROTECTION } from '@lightspeed/session';
import type { Protect } from '@lightspeed/session';
import type { Impairments, NetemStats } from '@lightspeed/netem';
import { formatIpv4 } from '@lightspeed/wire';
import { sumOf } from '../figures.ts';
import { LOOPBACK } from '../loopback-socket.ts';
import { LossyLink } from '../lossy-link.ts';
import { openGameServer } from './game-server.ts';
import { startGame } from './game.ts';
import type { Game } from './game.ts';
import type { Way, WayReport } from './way.ts';
import { startOpenNode } from './open-node.ts';

const DATAGRAMS_PER_SECOND = 60;
/** What a bot sends, with room for parity, handshakes and a burst after a pause: one client carries them all. */
const BOT_PPS = 250;
/** How long a tunnel may take to open over a lossy link: several handshakes may be lost. */
const ESTABLISH_MS = 5_000;
/**
 * Node and tunnel have published their gauges by then, and count what was recovered: for up to a second it may come after all.
 */
const PUBLISHED_MS = 1_200;

/** What comes so much later than undisturbed is late. */
const DEADLINE_MS = 30;

/** How large a game is, and how it is carried. */
export interface CarriedGameOptions {
  readonly bots: number;
  /** Both ways. */
  readonly protect: Protect;
  /** Most redundancy each way, in percent; as client and node have it by default when left out. */
  readonly budget?: number | undefined;
  readonly io: 'auto' | 'batch' | 'portable';
  /** Decides what the link does. */
  readonly seed: number;
  /** What the link does, each way. */
  readonly link: Impairments;
}

/** What a carried game came to so far. */
export type CarriedReport = ReturnType<Awaited<ReturnType<typeof startCarriedGame>>['report']>;

/** One direction of a carried game. */
export type DirectionReport = CarriedReport['toServer'];

/**
 * Starts the whole way of a game's datagrams, on loopback:
 *
 * ```
 *   bots -- ingress [client] -- lossy link -- data port [node] egress sockets -- game server
 * ```
 *
 * Rejects, with all that was started ended, if the tunnel does not open.
 */
export async function startCarriedGame({ bots: size, protect, budget, io, seed, link: toTarget }: CarriedGameOptions) {
  await using started = new AsyncDisposableStack();
  const bots: Game[] = [];
  const server = started.use(
    await openGameServer(undefined, (stream, number, nowMs) => {
      // Bots are numbered from 1 on. The server sends back what it gets.
      const bot = bots.at(stream - 1);
      bot?.up.arrived(number, nowMs);
      bot?.down.sent(number, nowMs);
    }),
  );
  // One session has the flows of all bots: each may have what a player's session has.
  const budgetKbps = size * DEFAULT_PROTECTION.budgetKbps;
  const node = await startOpenNode(server.address, io, { protect, budget, budgetKbps, maxPpsPerClient: size * BOT_PPS });
  started.defer(() => node.close());
  const target = { ip: LOOPBACK, port: node.dataAddress.port };
  const link = started.use(await LossyLink.open({ target, seed, toTarget }));
  const tunnel = await startTunnel({
    node: { host: formatIpv4(link.address.ip), port: link.address.port },
    ...{ ingresses: [{ listen: { ip: LOOPBACK, port: 0 }, gameServer: server.address }], protect, budget, budgetKbps, io },
    // Runs are short: measure the round trip from their first second on.
    keepaliveMs: 1_000,
  });
  started.use(tunnel);
  let protectionUp = '';
  tunnel.on('protection', (_step, reason) => (protectionUp = reason));
  await tunnel.established(ESTABLISH_MS);
  for (let id = 1; id <= size; id++) bots.push(started.use(await startGame(tunnel.ingresses[0].listen, DATAGRAMS_PER_SECOND, id)));
  const resources = started.move();
  const startedMs = performance.now();

  const direction = (way: (bot: Game) => Way, sent: number, arrived: number, overtaken: number, netem: NetemStats, ended: boolean) => ({
    /** Datagrams that the game sent into its side, and different ones that came out on the other. */
    sent,
    arrived,
    ...totalOf(bots.map((bot) => way(bot).report(DEADLINE_MS))),
    /** Those that did not: while the game runs, not before a newer one; at its end, at all. */
    lost: ended ? sent - arrived : overtaken,
    /** Packets of the tunnel that entered the emulated link, and those that it lost. */
    linkPackets: netem.sent,
    linkLost: netem.lostRandom + netem.lostBurst + netem.lostOutage + netem.lostPolicer + netem.lostQueue,
  });
  /** @param ended whether nothing more is on the way: what has not arrived is lost */
  const report = (ended = false) => {
    const { rtt } = tunnel.stats();
    const games = bots.map((bot) => bot.report());
    const atServer = [...server.games.values()].map(({ arrivals }) => arrivals);
    const total = (value: (game: (typeof games)[number]) => number) => sumOf(games, value);
    const sent = total((game) => game.sent);
    const arrived = sumOf(atServer, ({ received }) => received);
    const missing = sumOf(atServer, (arrivals) => arrivals.missing);
    const answered = total((game) => game.answered);
    const neither = Math.max(0, total(({ overtaken }) => overtaken) - missing);
    const trips = games.flatMap(({ roundTripsMs }) => roundTripsMs);
    return {
      seconds: (performance.now() - startedMs) / 1_000,
      bots: size,
      /** Bots that the server has answered, and of which it got nothing. */
      joined: games.filter((game) => game.answered > 0).length,
      unheard: size - atServer.length,
      /** What the client has last decided on to protect what goes up, and why; empty if it has not. */
      protectionUp,
      toServer: direction(({ up }) => up, sent, arrived, missing, link.stats.toTarget, ended),
      toBots: direction(({ down }) => down, arrived, answered, neither, link.stats.toSource, ended),
      /** Smoothed, of the tunnel's keepalives; -1 before the first. */
      tunnelRttMs: rtt?.smoothedMs ?? -1,
      /** The mean, of the game's own datagrams; -1 before the first. */
      gameRttMs: trips.length === 0 ? -1 : sumOf(trips, (ms) => ms) / trips.length,
      /** Datagrams that arrived changed, at somebody else, or again. */
      corrupted: server.counts.corrupted + total(({ corrupted }) => corrupted),
      misdelivered: server.counts.moved + total(({ misdelivered }) => misdelivered),
      duplicated: sumOf(atServer, ({ duplicates }) => duplicates) + total(({ duplicates }) => duplicates),
    };
  };
  /** Lets nobody send any more and what is under way arrive. */
  const finish = async () => {
    await Promise.all([...bots.map((bot) => bot.finish()), setTimeout(PUBLISHED_MS)]);
    return report(true);
  };
  return { report: () => report(), finish, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

function totalOf(ways: readonly WayReport[]): WayReport {
  const total = (value: (way: WayReport) => number) => sumOf(ways, value);
  return { inTime: total((way) => way.inTime), late: total((way) => way.late), outOfOrder: total((way) => way.outOfOrder) };
}
