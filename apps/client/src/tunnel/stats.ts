import { TUNNEL_STATES, TunnelCounter, tunnelCountersIn } from '@lightspeed/session';
import type { TunnelStateName } from '@lightspeed/session';
import { UdpCounters } from '@lightspeed/udp';
import type { UdpCounterName } from '@lightspeed/udp';
import { DROP_REASON_NAMES } from '@lightspeed/wire';

/** The counters of a tunnel: totals since its start, and gauges (flows, sequence numbers, round-trip times, state). */
export type TunnelCounterName = keyof typeof TunnelCounter;

/** Round-trip times to the node by keepalives, smoothed as RFC 6298 does, in milliseconds. */
export interface RoundTripTimes {
  readonly smoothedMs: number;
  /** Smoothed mean deviation. */
  readonly jitterMs: number;
  readonly latestMs: number;
  readonly minimumMs: number;
}

/** How a tunnel is doing. Gauges are up to 250 ms old. */
export interface TunnelStats {
  readonly state: TunnelStateName;
  /** Undefined before the first answer. */
  readonly rtt: RoundTripTimes | undefined;
  readonly counters: Readonly<Record<TunnelCounterName, number>>;
  /** Datagrams of local programs that went no further, by reason; only reasons that occurred. */
  readonly localDrops: Readonly<Partial<Record<string, number>>>;
  /** Datagrams from the node's side that went no further, by reason; only reasons that occurred. */
  readonly nodeDrops: Readonly<Partial<Record<string, number>>>;
  /** What the sockets' engine counted. */
  readonly udp: Readonly<Record<UdpCounterName, number>>;
}

/** Reads the counters that the data-plane thread writes. */
export class StatsReader {
  readonly #counters;
  readonly #udp: UdpCounters;

  constructor(counters: SharedArrayBuffer, udpCounters: SharedArrayBuffer) {
    this.#counters = tunnelCountersIn(counters);
    this.#udp = new UdpCounters(udpCounters);
  }

  read(): TunnelStats {
    const { values, localDrops, nodeDrops } = this.#counters;
    const named = Object.entries(TunnelCounter).map(([name, position]) => [name, values[position]]);
    const counters = Object.fromEntries(named) as Record<TunnelCounterName, number>;
    return {
      state: TUNNEL_STATES[counters.state] ?? 'idle',
      rtt: roundTripTimes(counters),
      counters,
      localDrops: dropsByName(localDrops),
      nodeDrops: dropsByName(nodeDrops),
      udp: this.#udp.snapshot(),
    };
  }
}

function roundTripTimes(counters: Readonly<Record<TunnelCounterName, number>>): RoundTripTimes | undefined {
  // Zero before the thread has started, -1 before the first answer.
  if (counters.keepalivesAnswered === 0 || counters.rttSmoothedUs < 0) return undefined;
  return {
    smoothedMs: counters.rttSmoothedUs / 1_000,
    jitterMs: counters.rttJitterUs / 1_000,
    latestMs: counters.rttLatestUs / 1_000,
    minimumMs: counters.rttMinimumUs / 1_000,
  };
}

function dropsByName(drops: Float64Array): Partial<Record<string, number>> {
  const named: Partial<Record<string, number>> = {};
  drops.forEach((count, reason) => {
    if (count > 0) named[DROP_REASON_NAMES[reason]] = count;
  });
  return named;
}
