import { PathCounter, TUNNEL_STATES, TunnelCounter, pathCounter } from '@lightspeed/session';
import type { TunnelStateName } from '@lightspeed/session';
import { UdpCounters } from '@lightspeed/udp';
import type { UdpCounterName } from '@lightspeed/udp';
import { DROP_REASON_NAMES } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';
import type { ReportedUp } from '../control/node-reports.ts';
import { LOCAL_DROP_NAMES, LocalCounter, localCountersIn } from '../ingress/local-counters.ts';
import type { LocalCounters } from '../ingress/local-counters.ts';
import { DIRECT } from '../settings/way-settings.ts';
import type { CounterBook, TunnelCounterName, WayStats } from '../tunnel/counter-book.ts';

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
  /** Where it is sent from; `0.0.0.0` and `::` leave the address to the system's routes. */
  readonly local: SocketAddress;
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
  /** From client to node, as the nodes report it; undefined if none has. */
  readonly up: ReportedUp | undefined;
  /** What has gone by each way: the nodes, and `direct` if anything went there. */
  readonly ways: readonly WayStats[];
  /** Flows that were silent for long and gave way to new ones, because there were as many as there may be. */
  readonly flowsGaveWay: number;
  /** One entry per path, in their order: the first, those of `paths`, that of `via`. */
  readonly paths: readonly PathStats[];
  /** Datagrams of local programs that went no further, by reason; only reasons that occurred. */
  readonly localDrops: Readonly<Partial<Record<string, number>>>;
  /** Datagrams from the node's side that went no further, by reason; only reasons that occurred. */
  readonly nodeDrops: Readonly<Partial<Record<string, number>>>;
  /** What the sockets' engine counted. */
  readonly udp: Readonly<Record<UdpCounterName, number>>;
}

/** Reads the counters that the data-plane thread writes. */
export class StatsReader {
  readonly #book: CounterBook;
  readonly #udp: UdpCounters;
  readonly #local: LocalCounters;

  constructor(book: CounterBook, udpCounters: SharedArrayBuffer, localCounters: SharedArrayBuffer) {
    this.#book = book;
    this.#local = localCountersIn(localCounters);
    this.#udp = new UdpCounters(udpCounters);
  }

  /**
   * @param locals the paths' local addresses, as many as there are paths.
   * @param up what nodes have reported.
   */
  read(used: number, locals: readonly SocketAddress[], hasVia: boolean, up?: ReportedUp): TunnelStats {
    const { values, localDrops, nodeDrops } = this.#book.read(used);
    const named = Object.entries(TunnelCounter).map(([name, position]) => [name, values[position]]);
    const counters = Object.fromEntries(named) as Record<TunnelCounterName, number>;
    const udp = this.#udp.snapshot();
    const ownDrops = dropsByName(this.#local.drops, LOCAL_DROP_NAMES, udp.truncated > 0 ? { truncated: udp.truncated } : {});
    return {
      state: TUNNEL_STATES[counters.state] ?? 'idle',
      rtt: roundTripTimes(counters),
      counters,
      up,
      paths: pathStats(values, locals, hasVia),
      flowsGaveWay: this.#local.values[LocalCounter.flowsGaveWay],
      ways: [...this.#book.ways(), ...directWay(this.#local.values)],
      localDrops: dropsByName(localDrops, DROP_REASON_NAMES, ownDrops),
      nodeDrops: dropsByName(nodeDrops, DROP_REASON_NAMES),
      udp,
    };
  }
}

function pathStats(values: Float64Array, locals: readonly SocketAddress[], hasVia: boolean): PathStats[] {
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

function directWay(values: Float64Array): WayStats[] {
  const of = (counter: keyof typeof LocalCounter) => values[LocalCounter[counter]];
  if (of('directPacketsToServer') === 0) return [];
  return [
    {
      name: DIRECT,
      upPackets: of('directPacketsToServer'),
      upBytes: of('directBytesToServer'),
      downPackets: of('directPacketsFromServer'),
      downBytes: of('directBytesFromServer'),
      flows: of('directFlows'),
    },
  ];
}

/** @param others drops that were named before, to which these are added. */
function dropsByName(
  drops: Float64Array,
  names: readonly string[],
  others: TunnelStats['localDrops'] = {},
): Partial<Record<string, number>> {
  const named: Partial<Record<string, number>> = { ...others };
  drops.forEach((count, reason) => {
    const name = names[reason];
    if (count > 0) named[name] = (named[name] ?? 0) + count;
  });
  return named;
}
