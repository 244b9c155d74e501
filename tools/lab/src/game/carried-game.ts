import { setTimeout } from 'node:timers/promises';
import { startTunnel } from '@lightspeed/client';
import type { RunningTunnel } from '@lightspeed/client';
import { Random } from '@lightspeed/netem';
import type { Impairments } from '@lightspeed/netem';
import type { RunningNode } from '@lightspeed/proxy';
import { formatIpv4 } from '@lightspeed/wire';
import { LOOPBACK } from '../loopback-socket.ts';
import { LossyLink } from '../lossy-link.ts';
import { Bot } from './bot.ts';
import { startOpenNode } from './open-node.ts';
import { reportGame } from './game-report.ts';
import type { GameReport } from './game-report.ts';
import { GameServer } from './game-server.ts';

/** What a bot sends, with room for parity, handshakes and a burst after a pause: one client carries them all. */
const BOT_PPS = 250;
/** How long a tunnel may take to open over a lossy link: several handshakes may be lost. */
const ESTABLISH_MS = 5_000;
/** When nothing has arrived for so long, the rest is lost; node and tunnel have published their gauges by then. */
const QUIET_MS = 600;
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

/**
 * The whole way of a game's datagrams, on loopback:
 *
 * ```
 *   bots -- ingress [client] -- lossy link -- data port [node] egress sockets -- game server
 * ```
 */
export class CarriedGame {
  readonly #startedMs = performance.now();
  readonly #server: GameServer;
  readonly #node: RunningNode;
  readonly #link: LossyLink;
  readonly #tunnel: RunningTunnel;
  readonly #bots: readonly Bot[];
  readonly #resources: AsyncDisposableStack;

  private constructor(
    server: GameServer,
    node: RunningNode,
    link: LossyLink,
    tunnel: RunningTunnel,
    bots: readonly Bot[],
    resources: AsyncDisposableStack,
  ) {
    this.#server = server;
    this.#node = node;
    this.#link = link;
    this.#tunnel = tunnel;
    this.#bots = bots;
    this.#resources = resources;
  }

  /** Rejects, with all that was started ended, if the tunnel does not open. */
  static async start(options: CarriedGameOptions): Promise<CarriedGame> {
    const { fecGroupSize, io, seed } = options;
    const random = new Random(seed);
    await using started = new AsyncDisposableStack();
    const server = await GameServer.start(random.fork());
    started.defer(() => server.close());
    const node = await startOpenNode({ gameServer: server.address, io, maxPpsPerClient: options.bots * BOT_PPS });
    started.defer(() => node.close());
    const link = await LossyLink.open({
      target: { ip: LOOPBACK, port: node.dataAddress.port },
      seed: random.nextU32(),
      toTarget: options.link,
    });
    started.use(link);
    const tunnel = await startTunnel({
      node: { host: formatIpv4(link.address.ip), port: link.address.port },
      ...{ ingresses: [{ listen: { ip: LOOPBACK, port: 0 }, gameServer: server.address }], fecGroupSize, io },
      // Runs are short: measure the round trip from their first second on.
      keepaliveMs: 1_000,
    });
    started.use(tunnel);
    await tunnel.established(ESTABLISH_MS);
    const bots: Bot[] = [];
    for (let id = 1; id <= options.bots; id++) {
      const bot = await Bot.start(id, tunnel.ingresses[0].listen, random.fork());
      started.defer(() => bot.close());
      bots.push(bot);
    }
    return new CarriedGame(server, node, link, tunnel, bots, started.move());
  }

  report(): GameReport {
    return this.#report(false);
  }

  /** Lets nobody send any more and what is under way arrive. */
  async finish(): Promise<GameReport> {
    for (const bot of this.#bots) bot.stopSending();
    this.#server.stopSending();
    const untilMs = performance.now() + LONGEST_WAIT_MS;
    let before = -1;
    for (let arrived = this.#arrived(); arrived !== before && performance.now() < untilMs; arrived = this.#arrived()) {
      before = arrived;
      await setTimeout(QUIET_MS);
    }
    return this.#report(true);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async close(): Promise<void> {
    await this.#resources.disposeAsync();
  }

  #arrived(): number {
    const { toServer, toBots } = this.report();
    return toServer.arrived + toBots.arrived;
  }

  #report(ended: boolean): GameReport {
    const link = this.#link.stats;
    const tunnel = this.#tunnel.stats();
    return reportGame({
      seconds: (performance.now() - this.#startedMs) / 1_000,
      bots: this.#bots.map((bot) => bot.stats),
      server: this.#server.stats,
      linkToNode: link.toTarget,
      linkToClient: link.toSource,
      recoveredByNode: this.#node.stats().relay.fecRecovered,
      recoveredByClient: tunnel.counters.fecRecovered,
      tunnelRttMs: tunnel.rtt?.smoothedMs ?? -1,
      ended,
    });
  }
}
