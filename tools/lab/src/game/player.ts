import { once } from 'node:events';
import { startTunnel } from '@lightspeed/client';
import type { RunningTunnel, TunnelSettings } from '@lightspeed/client';
import { formatSocketAddress } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { sumOf } from '../figures.ts';
import { LOOPBACK } from '../loopback-socket.ts';
import { EchoGame } from './echo-game.ts';
import type { EchoReport } from './echo-game.ts';

const ESTABLISH_MS = 20_000;

/** How somebody plays. */
export interface PlayerPlan {
  readonly tunnel: Omit<TunnelSettings, 'ingresses' | 'node'>;
  readonly gameServer: Endpoint;
  readonly datagramsPerSecond: number;
}

/** Where a player is when its tunnel has opened. */
export interface PlayerStart {
  /** The node in use, `HOST:PORT` of its control plane. */
  readonly node: string;
  /** Where that node sees the control connection come from, `ADDR:PORT`. */
  readonly seenAt: string;
}

/** What a player's game and tunnel have seen since the last mark. */
export interface PlayerReport {
  readonly game: EchoReport;
  /** What its tunnel has said since the last mark, with the seconds since then. */
  readonly events: readonly string[];
}

/** Somebody who plays: a registered tunnel, and a game that sends through it. */
export class Player implements AsyncDisposable {
  readonly #tunnel: RunningTunnel;
  readonly #game: EchoGame;
  readonly #events: { readonly text: string; readonly ms: number }[] = [];
  #markedMs = performance.now();

  private constructor(tunnel: RunningTunnel, game: EchoGame) {
    this.#tunnel = tunnel;
    this.#game = game;
    this.#listen();
  }

  /** Resolves when the node has answered. */
  static async start({ tunnel: settings, gameServer, datagramsPerSecond }: PlayerPlan): Promise<Player> {
    const tunnel = await startTunnel({ ...settings, ingresses: [{ listen: { ip: LOOPBACK, port: 0 }, gameServer }] });
    try {
      await tunnel.established(ESTABLISH_MS);
      return new Player(tunnel, await EchoGame.start(tunnel.ingresses[0].listen, datagramsPerSecond));
    } catch (error) {
      await tunnel.close();
      throw error;
    }
  }

  get start(): PlayerStart {
    const node = this.#tunnel.nodes.find(({ used }) => used);
    const seen = node?.session?.observed;
    return { node: node?.name ?? 'none', seenAt: seen === undefined ? 'unknown' : formatSocketAddress(seen) };
  }

  /** Counts anew from here. @returns what there was since the last time */
  async mark(): Promise<PlayerReport> {
    const report = this.#report(await this.#game.mark());
    this.#markedMs = performance.now();
    this.#events.length = 0;
    return report;
  }

  /** Moves its first path to another local address. */
  async rebind(local: string): Promise<void> {
    const refused = new Promise<never>((_resolve, reject) => this.#tunnel.once('notRebound', (_path, why) => reject(new Error(why))));
    const rebound = once(this.#tunnel, 'rebound');
    this.#tunnel.rebind(0, local);
    await Promise.race([rebound, refused]);
  }

  /** Ends the game, not the tunnel. */
  async finish(): Promise<PlayerReport> {
    return this.#report(await this.#game.finish());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#game[Symbol.asyncDispose]();
    await this.#tunnel.close();
  }

  #report(game: EchoReport): PlayerReport {
    return {
      game,
      events: this.#events.map(({ text, ms }) => `${((ms - this.#markedMs) / 1_000).toFixed(2)} s ${text}`),
    };
  }

  #listen(): void {
    const note = (text: string) => this.#events.push({ text, ms: performance.now() });
    this.#tunnel.on('established', () => note('established'));
    this.#tunnel.on('lost', () => note('lost'));
    this.#tunnel.on('ended-by-node', () => note('ended by the node'));
    this.#tunnel.on('moved', (node, why) => note(`moved to ${node.name} (${why})`));
    this.#tunnel.on('draining', (node) => note(`${node.name} drains`));
    this.#tunnel.on('control', (node, state, text) => note(`control of ${node.name} ${state}: ${text}`));
    this.#tunnel.on('path', (path, up) => note(`path ${path} ${up ? 'up' : 'down'}`));
    this.#tunnel.on('rebound', (path) => note(`path ${path} rebound`));
    this.#tunnel.on('notRebound', (path, why) => note(`path ${path} not rebound: ${why}`));
    this.#tunnel.on('failed', ({ message }) => note(`failed: ${message}`));
  }
}

/** What several games together came to: `strange` is what came twice or was none of theirs, and must be 0. */
export function totals(reports: readonly PlayerReport[]): { sent: number; lost: number; strange: number; longestGapMs: number } {
  return {
    sent: sumOf(reports, ({ game }) => game.sent),
    lost: sumOf(reports, ({ game }) => game.sent - game.answered),
    strange: sumOf(reports, ({ game }) => game.duplicates + game.strange),
    longestGapMs: Math.max(0, ...reports.map(({ game }) => game.longestGapMs)),
  };
}
