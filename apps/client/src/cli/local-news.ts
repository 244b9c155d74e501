import type { TunnelStats } from '../run/stats.ts';

/** The same thing is told again after this time at the soonest. */
const TOLD_AGAIN_MS = 60_000;

/** Something that counters tell a user: for people, and with the numbers for programs. */
export interface LocalEvent {
  readonly event: string;
  readonly text: string;
  readonly fields: object;
}

/** Finds out from counters what a user should hear of, and tells each kind once a minute at most. */
export class LocalNews {
  #flowsTold: FlowsTold = { atMs: Number.NEGATIVE_INFINITY, gaveWay: 0, refused: 0 };

  /** @param nowMs a clock in milliseconds. */
  sample(stats: TunnelStats, nowMs: number): LocalEvent[] {
    return [...this.#flows(stats, nowMs)];
  }

  #flows({ flowsGaveWay, localDrops }: TunnelStats, nowMs: number): LocalEvent[] {
    const { flow_limit = 0, direct_flow_limit = 0, socks_destinations = 0 } = localDrops;
    const gaveWayInAll = flowsGaveWay;
    const refusedInAll = flow_limit + direct_flow_limit + socks_destinations;
    const told = this.#flowsTold;
    const gaveWay = gaveWayInAll - told.gaveWay;
    const refused = refusedInAll - told.refused;
    if (gaveWay + refused === 0 || nowMs - told.atMs < TOLD_AGAIN_MS) return [];
    this.#flowsTold = { atMs: nowMs, gaveWay: gaveWayInAll, refused: refusedInAll };
    const text = `programs talk from more ports, or to more servers, than there may be flows: ${gaveWay} flows that were silent gave way to new ones, and ${refused} datagrams were dropped`;
    return [{ event: 'flows', text, fields: { gaveWay, refused } }];
  }
}

interface FlowsTold {
  readonly atMs: number;
  readonly gaveWay: number;
  readonly refused: number;
}
