import { PathCounter, TUNNEL_COUNTERS_BYTES, TUNNEL_STATES, TunnelCounter, pathCounter, tunnelCountersIn } from '@lightspeed/session';
import type { TunnelCounters, TunnelStateName } from '@lightspeed/session';
import { UdpCounters } from '@lightspeed/udp';
import type { UdpCounterName } from '@lightspeed/udp';
import { DROP_REASON_NAMES } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { VIA_SLOT } from './messages.ts';

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

/** How a path to the node in use is doing. */
export interface PathStats {
  /** Where it is sent from; ip 0 leaves the address to the system's routes. */
  readonly local: Endpoint;
  /** Whether it leads through another node. */
  readonly via: boolean;
  /** The node answers by it. */
  readonly up: boolean;
  /** By its own keepalives; undefined before the first answer. */
  readonly rttMs: number | undefined;
  readonly jitterMs: number | undefined;
  readonly packetsSent: number;
  /** Duplicates of other paths' packets included. */
  readonly packetsReceived: number;
  readonly keepalivesSent: number;
  readonly keepalivesAnswered: number;
  /** Data and parity packets that came by it before they came by another path. */
  readonly firstArrivals: number;
  /** Its part of all paths' first arrivals, 0 to 1; undefined while there are none. */
  readonly share: number | undefined;
}

/** How a tunnel is doing. With several nodes: totals over all, gauges of the one in use. Gauges are up to 250 ms old. */
export interface TunnelStats {
  readonly state: TunnelStateName;
  /** Undefined before the first answer. */
  readonly rtt: RoundTripTimes | undefined;
  readonly counters: Readonly<Record<TunnelCounterName, number>>;
  /** One entry per path, in their order: the first, those of `paths`, that of `via`. */
  readonly paths: readonly PathStats[];
  /** Datagrams of local programs that went no further, by reason; only reasons that occurred. */
  readonly localDrops: Readonly<Partial<Record<string, number>>>;
  /** Datagrams from the node's side that went no further, by reason; only reasons that occurred. */
  readonly nodeDrops: Readonly<Partial<Record<string, number>>>;
  /** What the sockets' engine counted. */
  readonly udp: Readonly<Record<UdpCounterName, number>>;
}

/** Values that say what is now, not how much there has been: those of the node in use count. */
const OF_THE_NODE_IN_USE: readonly TunnelCounterName[] = [
  'rttSmoothedUs',
  'rttJitterUs',
  'rttLatestUs',
  'rttMinimumUs',
  'state',
  'primaryPath',
];

/** The counters of all nodes' node tunnels, which the data-plane thread writes, and the totals of node tunnels that are no more. */
export class CounterBook {
  readonly #nodeTunnels = new Map<number, TunnelCounters>();
  readonly #former = tunnelCountersIn(new ArrayBuffer(TUNNEL_COUNTERS_BYTES));

  /** A node tunnel counts there from now on. What it or its predecessor has counted in another place is kept. */
  add(slot: number, buffer: SharedArrayBuffer): void {
    const before = this.#nodeTunnels.get(slot);
    if (before !== undefined) {
      before.values[TunnelCounter.flows] = 0;
      addTo(this.#former, before);
    }
    this.#nodeTunnels.set(slot, tunnelCountersIn(buffer));
  }

  /** The smoothed round trip of a node tunnel. */
  rttMs(slot: number): number | undefined {
    const values = this.#nodeTunnels.get(slot)?.values;
    if (values === undefined || values[TunnelCounter.keepalivesAnswered] === 0) return undefined;
    const us = values[TunnelCounter.rttSmoothedUs];
    return us < 0 ? undefined : us / 1_000;
  }

  /** Datagrams of local programs so far. */
  localPackets(): number {
    return this.#sum().values[TunnelCounter.localPacketsReceived];
  }

  /** Totals over all node tunnels; what is now is that of the node tunnel in use. */
  read(used: number): TunnelCounters {
    const sum = this.#sum();
    const values = this.#nodeTunnels.get(used)?.values;
    for (const name of OF_THE_NODE_IN_USE) sum.values[TunnelCounter[name]] = values?.[TunnelCounter[name]] ?? 0;
    if (values === undefined) return sum;
    for (let position = pathCounter(0, 0); position < values.length; position++) sum.values[position] = values[position];
    return sum;
  }

  /** The way through another node carries what the others have counted already. */
  #sum(): TunnelCounters {
    const sum = tunnelCountersIn(new ArrayBuffer(TUNNEL_COUNTERS_BYTES));
    addTo(sum, this.#former);
    for (const [slot, counters] of this.#nodeTunnels) if (slot !== VIA_SLOT) addTo(sum, counters);
    return sum;
  }
}

function addTo(sum: TunnelCounters, counters: TunnelCounters): void {
  for (const part of ['values', 'localDrops', 'nodeDrops'] as const) {
    counters[part].forEach((value, position) => {
      sum[part][position] += value;
    });
  }
}

/** Reads the counters that the data-plane thread writes. */
export class StatsReader {
  readonly #book: CounterBook;
  readonly #udp: UdpCounters;

  constructor(book: CounterBook, udpCounters: SharedArrayBuffer) {
    this.#book = book;
    this.#udp = new UdpCounters(udpCounters);
  }

  /** @param locals the paths' local addresses, as many as there are paths. */
  read(used: number, locals: readonly Endpoint[], hasVia: boolean): TunnelStats {
    const { values, localDrops, nodeDrops } = this.#book.read(used);
    const named = Object.entries(TunnelCounter).map(([name, position]) => [name, values[position]]);
    const counters = Object.fromEntries(named) as Record<TunnelCounterName, number>;
    return {
      state: TUNNEL_STATES[counters.state] ?? 'idle',
      rtt: roundTripTimes(counters),
      counters,
      paths: pathStats(values, locals, hasVia),
      localDrops: dropsByName(localDrops),
      nodeDrops: dropsByName(nodeDrops),
      udp: this.#udp.snapshot(),
    };
  }
}

function pathStats(values: Float64Array, locals: readonly Endpoint[], hasVia: boolean): PathStats[] {
  const of = (path: number, name: keyof typeof PathCounter) => values[pathCounter(path, PathCounter[name])];
  const arrivals = locals.reduce((sum, _, path) => sum + of(path, 'firstArrivals'), 0);
  return locals.map((local, path) => {
    const answered = of(path, 'keepalivesAnswered');
    const rttUs = of(path, 'rttSmoothedUs');
    const measured = answered > 0 && rttUs >= 0;
    return {
      local,
      via: hasVia && path === locals.length - 1,
      up: of(path, 'up') === 1,
      rttMs: measured ? rttUs / 1_000 : undefined,
      jitterMs: measured ? of(path, 'rttJitterUs') / 1_000 : undefined,
      packetsSent: of(path, 'packetsSent'),
      packetsReceived: of(path, 'packetsReceived'),
      keepalivesSent: of(path, 'keepalivesSent'),
      keepalivesAnswered: answered,
      firstArrivals: of(path, 'firstArrivals'),
      share: arrivals === 0 ? undefined : of(path, 'firstArrivals') / arrivals,
    };
  });
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
