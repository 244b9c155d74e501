import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { startTunnel } from '@lightspeed/client';
import type { TunnelSettings } from '@lightspeed/client';
import { formatSocketAddress } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { sumOf } from '../figures.ts';
import { LOOPBACK } from '../loopback-socket.ts';
import { startGame } from './game.ts';
import type { GameReport } from './game.ts';

const ESTABLISH_MS = 20_000;
/** A line whose answers take no longer than this, by what its client has measured, is lost after 500 ms of silence. */
const CALM_MS = 100;
const MEASURE_EVERY_MS = 50;
const MOST_MEASUREMENTS = 200;

/** How somebody plays. */
export interface PlayerPlan {
  readonly tunnel: Omit<TunnelSettings, 'ingresses' | 'node'>;
  readonly gameServer: Endpoint;
  readonly datagramsPerSecond: number;
  /** Plays at once, before the node has answered. */
  readonly waitsForNothing?: boolean;
}

/** What a player's game and tunnel have seen since the last mark. */
export interface PlayerReport {
  readonly game: GameReport;
  /** What its tunnel has said since the last mark, with the seconds since then. */
  readonly events: readonly string[];
}

/** Somebody who plays: a registered tunnel, and a game that sends through it. */
export type Player = Awaited<ReturnType<typeof startPlayer>>;

/** Resolves when the node has answered, unless the plan says otherwise. */
export async function startPlayer({ tunnel: settings, gameServer, datagramsPerSecond, waitsForNothing = false }: PlayerPlan) {
  await using started = new AsyncDisposableStack();
  const tunnel = await startTunnel({ ...settings, ingresses: [{ listen: { ip: LOOPBACK, port: 0 }, gameServer }] });
  started.use(tunnel);
  if (!waitsForNothing) await tunnel.established(ESTABLISH_MS);
  const game = started.use(await startGame(tunnel.ingresses[0].listen, datagramsPerSecond));
  const resources = started.move();

  const used = tunnel.nodes.find(({ used }) => used);
  const seen = used?.session?.observed;
  const start = {
    /** The node in use when the tunnel has opened, `HOST:PORT` of its control plane. */
    node: used?.name ?? 'none',
    /** Where that node sees the control connection come from, `ADDR:PORT`. */
    seenAt: seen === undefined ? 'unknown' : formatSocketAddress(seen),
  };
  let events: string[] = [];
  let markedMs = performance.now();
  const note = (text: string) => events.push(`${((performance.now() - markedMs) / 1_000).toFixed(2)} s ${text}`);
  tunnel.on('established', () => note('established'));
  tunnel.on('lost', () => note('lost'));
  tunnel.on('ended-by-node', () => note('ended by the node'));
  tunnel.on('moved', (node, why) => note(`moved to ${node.name} (${why})`));
  tunnel.on('draining', (node) => note(`${node.name} drains`));
  tunnel.on('control', (node, state, text) => note(`control of ${node.name} ${state}: ${text}`));
  tunnel.on('path', (path, up) => note(`path ${path} ${up ? 'up' : 'down'}`));
  tunnel.on('rebound', (path) => note(`path ${path} rebound`));
  tunnel.on('notRebound', (path, why) => note(`path ${path} not rebound: ${why}`));
  tunnel.on('failed', ({ message }) => note(`failed: ${message}`));

  /** Counts anew from here. @returns what there was since the last time */
  const mark = async (): Promise<PlayerReport> => {
    const report = { game: await game.mark(), events };
    events = [];
    markedMs = performance.now();
    return report;
  };
  /** Ends the game, not the tunnel. */
  const finish = async (): Promise<PlayerReport> => ({ game: await game.finish(), events });
  /**
   * Has the ways to its nodes measured until they are calm. A client waits for answers as long as they have varied. If its first one
   * came late on a busy machine, it would take a second to notice that a node is gone.
   */
  const calm = async () => {
    for (let nth = 0; nth < MOST_MEASUREMENTS; nth++) {
      const isCalm = tunnel
        .stats()
        .paths.every(({ up, rttMs, jitterMs = 0 }) => !up || (rttMs !== undefined && rttMs + 4 * jitterMs < CALM_MS));
      if (isCalm) return;
      tunnel.measureNodes();
      await setTimeout(MEASURE_EVERY_MS);
    }
  };
  /** Moves its first path to another local address. */
  const rebind = async (local: string) => {
    const refused = new Promise<never>((_resolve, reject) => tunnel.once('notRebound', (_path, why) => reject(new Error(why))));
    const rebound = once(tunnel, 'rebound');
    tunnel.rebind(0, local);
    await Promise.race([rebound, refused]);
  };
  return { start, game, mark, finish, calm, rebind, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** What several games together came to: `strange` is what came twice or was none of theirs, and must be 0. */
export function totals(reports: readonly PlayerReport[]) {
  return {
    sent: sumOf(reports, ({ game }) => game.sent),
    lost: sumOf(reports, ({ game }) => game.sent - game.answered),
    strange: sumOf(reports, ({ game }) => game.duplicates + game.corrupted + game.misdelivered),
    longestGapMs: Math.max(0, ...reports.map(({ game }) => game.longestGapMs)),
  };
}
