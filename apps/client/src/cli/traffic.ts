import type { TunnelStats } from '../run/stats.ts';
import type { WayStats } from '../tunnel/counter-book.ts';

/** Loss is shown over the last so many samples: over one second, a single packet would make it jump. */
const LOSS_SAMPLES = 10;

/** A tunnel's traffic between two looks at its counters. */
export interface Traffic {
  /** Datagrams a second from local programs, and to them. */
  readonly upPps: number;
  readonly downPps: number;
  /** Lost between node and client over the last ten samples, 0 to 1; undefined while nothing is expected. */
  readonly lossRatio: number | undefined;
  /** Came behind a later one, of those that came over the same samples, 0 to 1; undefined while nothing comes. */
  readonly lateRatio: number | undefined;
  /** Packets that FEC has brought back, in all. */
  readonly recovered: number;
  /** Datagrams that went no further, in all. */
  readonly drops: number;
}

interface Sequence {
  readonly expected: number;
  readonly received: number;
  readonly late: number;
}

const NOTHING: Sequence = { expected: 0, received: 0, late: 0 };

/** Turns counters, read from time to time, into rates. */
export class TrafficMeter {
  readonly #sequences: Sequence[] = [];
  #timeMs: number;
  #up = 0;
  #down = 0;

  constructor(nowMs: number) {
    this.#timeMs = nowMs;
  }

  sample(stats: TunnelStats, nowMs: number): Traffic {
    const { counters, paths, localDrops, nodeDrops } = stats;
    const seconds = Math.max(nowMs - this.#timeMs, 1) / 1_000;
    const { upPackets, downPackets } = allWays(stats);
    const upPps = (upPackets - this.#up) / seconds;
    const downPps = (downPackets - this.#down) / seconds;
    this.#timeMs = nowMs;
    this.#up = upPackets;
    this.#down = downPackets;
    this.#sequences.push({ expected: counters.sequenceExpected, received: counters.sequenceReceived, late: counters.sequenceLate });
    if (this.#sequences.length > LOSS_SAMPLES + 1) this.#sequences.shift();
    const lossRatio = lossBetween(this.#sequences[0], this.#sequences[this.#sequences.length - 1]);
    // What comes by several paths is meant to come more than once.
    const intended = paths.length > 1 ? (nodeDrops.duplicate ?? 0) : 0;
    const drops = sum(localDrops) + sum(nodeDrops) - intended;
    const lateRatio = lateBetween(this.#sequences[0], this.#sequences[this.#sequences.length - 1]);
    return { upPps, downPps, lossRatio, lateRatio, recovered: counters.fecRecovered, drops };
  }
}

/** What has gone by all ways together. */
export function allWays({ ways }: TunnelStats): Pick<WayStats, 'upPackets' | 'upBytes' | 'downPackets' | 'downBytes'> {
  const all = { upPackets: 0, upBytes: 0, downPackets: 0, downBytes: 0 };
  for (const way of ways) {
    all.upPackets += way.upPackets;
    all.upBytes += way.upBytes;
    all.downPackets += way.downPackets;
    all.downBytes += way.downBytes;
  }
  return all;
}

/** Loss from the node's sequence numbers since the start. */
export function totalLossRatio({ counters }: TunnelStats): number | undefined {
  return lossBetween(NOTHING, { expected: counters.sequenceExpected, received: counters.sequenceReceived, late: 0 });
}

/** Share of the node's packets since the start that came behind a later one. */
export function totalLateRatio({ counters }: TunnelStats): number | undefined {
  return lateBetween(NOTHING, { expected: 0, received: counters.sequenceReceived, late: counters.sequenceLate });
}

function lossBetween(before: Sequence, now: Sequence): number | undefined {
  const expected = now.expected - before.expected;
  if (expected <= 0) return undefined;
  // Packets that were only late make more come than were expected.
  return Math.max(0, expected - (now.received - before.received)) / expected;
}

function lateBetween(before: Sequence, now: Sequence): number | undefined {
  const received = now.received - before.received;
  return received <= 0 ? undefined : (now.late - before.late) / received;
}

function sum(drops: TunnelStats['localDrops']): number {
  return Object.values(drops).reduce<number>((total, count) => total + (count ?? 0), 0);
}
