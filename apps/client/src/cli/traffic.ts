import type { RefusedPackets } from '@lightspeed/control';
import type { TunnelStats } from '../run/stats.ts';
import type { WayStats } from '../tunnel/counter-book.ts';
import { NO_PACKETS, lossBetween, recentLoss } from './loss.ts';
import type { DirectionLoss, PacketCounts } from './loss.ts';

/** Loss is shown over the last so many samples, or over more where packets are few. */
const LOSS_SAMPLES = 10;
/** Nothing is judged by what lies further back. */
const MOST_SAMPLES = 120;

/** A tunnel's traffic between two looks at its counters. */
export interface Traffic {
  /** Datagrams a second from local programs, and to them. */
  readonly upPps: number;
  readonly downPps: number;
  /** From client to node, as the node reports it; undefined if it does not. */
  readonly up: DirectionLoss | undefined;
  /** From node to client. */
  readonly down: DirectionLoss;
  /** Datagrams that went no further, in all. */
  readonly drops: number;
  /** What nodes have refused over the last ten samples. */
  readonly refused: readonly RefusedPackets[];
}

interface Sample {
  readonly up: PacketCounts;
  readonly down: PacketCounts;
  readonly refused: readonly RefusedPackets[];
}

/** Turns counters, read from time to time, into rates. */
export class TrafficMeter {
  readonly #samples: Sample[] = [START];
  #timeMs: number;
  #up = 0;
  #down = 0;

  constructor(nowMs: number) {
    this.#timeMs = nowMs;
  }

  sample(stats: TunnelStats, nowMs: number): Traffic {
    const { paths, localDrops, nodeDrops } = stats;
    const seconds = Math.max(nowMs - this.#timeMs, 1) / 1_000;
    const { upPackets, downPackets } = allWays(stats);
    const upPps = (upPackets - this.#up) / seconds;
    const downPps = (downPackets - this.#down) / seconds;
    this.#timeMs = nowMs;
    this.#up = upPackets;
    this.#down = downPackets;
    const samples = this.#samples;
    samples.push(sampleOf(stats));
    if (samples.length > MOST_SAMPLES) samples.shift();
    const recent = (direction: 'up' | 'down') =>
      recentLoss(
        samples.map((sample) => sample[direction]),
        LOSS_SAMPLES,
      );
    // What comes by several paths is meant to come more than once.
    const intended = paths.length > 1 ? (nodeDrops.duplicate ?? 0) : 0;
    const drops = sum(localDrops) + sum(nodeDrops) - intended;
    const before = samples[Math.max(0, samples.length - 1 - LOSS_SAMPLES)];
    const refused = refusedSince(before.refused, stats.up?.refused ?? []);
    return { upPps, downPps, up: stats.up && recent('up'), down: recent('down'), drops, refused };
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

/** How packets fared since the start, or since `before`. */
export function totalLoss(stats: TunnelStats, before?: TunnelStats): Pick<Traffic, 'up' | 'down'> {
  const { up, down } = sampleOf(stats);
  const from = before === undefined ? START : sampleOf(before);
  return { up: stats.up && lossBetween(from.up, up), down: lossBetween(from.down, down) };
}

function sampleOf({ counters, up }: TunnelStats): Sample {
  const { sequenceExpected, sequenceReceived, sequenceLate, fecRecovered, repaired, dataPackets, parityPackets } = counters;
  return {
    up:
      up === undefined
        ? NO_PACKETS
        : { ...up, data: counters.localPacketsReceived, parity: counters.fecParityGenerated + counters.repeatsAlone },
    down: {
      expected: sequenceExpected,
      received: sequenceReceived,
      late: sequenceLate,
      recovered: fecRecovered + repaired,
      data: dataPackets,
      parity: parityPackets,
    },
    refused: up?.refused ?? [],
  };
}

const START: Sample = { up: NO_PACKETS, down: NO_PACKETS, refused: [] };

function refusedSince(before: readonly RefusedPackets[], now: readonly RefusedPackets[]): RefusedPackets[] {
  return now
    .map(({ direction, reason, packets }) => {
      const earlier = before.find((refused) => refused.direction === direction && refused.reason === reason);
      return { direction, reason, packets: packets - (earlier?.packets ?? 0) };
    })
    .filter(({ packets }) => packets > 0);
}

function sum(drops: TunnelStats['localDrops']): number {
  return Object.values(drops).reduce<number>((total, count) => total + (count ?? 0), 0);
}
