import { MAX_CARRIED_PAYLOAD_BYTES, MAX_V1_PAYLOAD_BYTES, SAFE_PAYLOAD_BYTES } from '@lightspeed/wire';
import type { TunnelStats } from '../run/stats.ts';

/** The same thing is told again after this time at the soonest. */
const TOLD_AGAIN_MS = 60_000;

const usual = MAX_V1_PAYLOAD_BYTES.toLocaleString('en');

/** Something that counters tell a user: for people, and with the numbers for programs. */
export interface LocalEvent {
  readonly event: string;
  readonly text: string;
  readonly fields: object;
}

/** Finds out from counters what a user should hear of: each kind once, or once a minute at most where the numbers matter. */
export class LocalNews {
  #oversizeTold = false;
  #tooLongTold = false;
  #flowsTold: FlowsTold = { atMs: Number.NEGATIVE_INFINITY, gaveWay: 0, refused: 0 };

  /** @param nowMs a clock in milliseconds. */
  sample(stats: TunnelStats, nowMs: number): LocalEvent[] {
    return [...this.#flows(stats, nowMs), ...this.#oversize(stats), ...this.#tooLong(stats)];
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

  #oversize({ localDrops, counters }: TunnelStats): LocalEvent[] {
    const { oversize = 0 } = localDrops;
    if (this.#oversizeTold || (oversize === 0 && counters.oversizeFlows === 0)) return [];
    this.#oversizeTold = true;
    const text =
      oversize > 0
        ? `the game sends payloads over ${usual} bytes, which were dropped, so that it takes shorter ones; if it does not work, give --oversize fragment`
        : `warning: the game sends payloads over ${SAFE_PAYLOAD_BYTES} bytes; on some paths such packets are lost`;
    return [{ event: 'oversize', text, fields: { dropped: oversize > 0 } }];
  }

  #tooLong({ localDrops }: TunnelStats): LocalEvent[] {
    const { truncated = 0 } = localDrops;
    if (this.#tooLongTold || truncated === 0) return [];
    this.#tooLongTold = true;
    const limit = MAX_CARRIED_PAYLOAD_BYTES.toLocaleString('en');
    const text = `datagrams of over ${limit} bytes came and were dropped: nothing so long is carried; from now on they are only counted`;
    return [{ event: 'too-long', text, fields: { longestBytes: MAX_CARRIED_PAYLOAD_BYTES } }];
  }
}

interface FlowsTold {
  readonly atMs: number;
  readonly gaveWay: number;
  readonly refused: number;
}
