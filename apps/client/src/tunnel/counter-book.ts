import { TUNNEL_COUNTERS_BYTES, TunnelCounter, pathCounter, tunnelCountersIn } from '@lightspeed/session';
import type { TunnelCounters } from '@lightspeed/session';
import { VIA_SLOT } from './messages.ts';
import { RecentRoundTrips } from './recent-round-trips.ts';

/** The counters of a tunnel: totals since its start, and gauges (flows, sequence numbers, round-trip times, state). */
export type TunnelCounterName = keyof typeof TunnelCounter;

/** Values that say what is now, not how much there has been: those of the node in use count. */
const OF_THE_NODE_IN_USE: readonly TunnelCounterName[] = [
  'rttSmoothedUs',
  'rttJitterUs',
  'rttLatestUs',
  'rttMinimumUs',
  'state',
  'primaryPath',
  'tagged',
  'upMeanRun',
  'downRuns',
];

/** What has gone by one way, from programs (up) and to them (down). */
export interface WayStats {
  /** `direct`, or a node's name: `HOST:PORT` of its control plane. */
  readonly name: string;
  readonly upPackets: number;
  readonly upBytes: number;
  readonly downPackets: number;
  readonly downBytes: number;
  /** How many flows there are by it. */
  readonly flows: number;
}

/** The counters of all nodes' node tunnels, which the data-plane thread writes, and the totals of node tunnels that are no more. */
export class CounterBook {
  readonly #nodeTunnels = new Map<
    number,
    { readonly name: string; readonly counters: TunnelCounters; readonly recent: RecentRoundTrips }
  >();
  /** By the nodes' names. */
  readonly #former = new Map<string, TunnelCounters>();

  /** A node's node tunnel counts there from now on. What its slot's last one has counted in another place is kept. */
  add(slot: number, name: string, buffer: SharedArrayBuffer): void {
    const before = this.#nodeTunnels.get(slot);
    if (before !== undefined) addTo(this.#formerOf(before.name), { ...before.counters, values: totalsOf(before.counters) });
    this.#nodeTunnels.set(slot, { name, counters: tunnelCountersIn(buffer), recent: new RecentRoundTrips() });
    if (slot !== VIA_SLOT) this.#formerOf(name);
  }

  /** The smoothed round trip of a node's node tunnel. */
  rttMs(slot: number, name: string): number | undefined {
    const nodeTunnel = this.#nodeTunnels.get(slot);
    const values = nodeTunnel?.name === name ? nodeTunnel.counters.values : undefined;
    if (values === undefined || values[TunnelCounter.keepalivesAnswered] === 0) return undefined;
    const us = values[TunnelCounter.rttSmoothedUs];
    return us < 0 ? undefined : us / 1_000;
  }

  /** The round trip of a node's node tunnel without what single keepalives took, if this is asked for once a second. */
  recentRttMs(slot: number, name: string): number | undefined {
    const nodeTunnel = this.#nodeTunnels.get(slot);
    if (nodeTunnel?.name !== name) return undefined;
    const { counters, recent } = nodeTunnel;
    recent.note(counters.values[TunnelCounter.keepalivesAnswered], counters.values[TunnelCounter.rttLatestUs]);
    return recent.medianMs;
  }

  /** Datagrams of local programs so far. */
  localPackets(): number {
    return this.#sum().values[TunnelCounter.localPacketsReceived];
  }

  /** Totals over all node tunnels; what is now is that of the node tunnel in use. */
  read(used: number): TunnelCounters {
    const sum = this.#sum();
    const values = this.#nodeTunnels.get(used)?.counters.values;
    for (const name of OF_THE_NODE_IN_USE) sum.values[TunnelCounter[name]] = values?.[TunnelCounter[name]] ?? 0;
    if (values === undefined) return sum;
    for (let position = pathCounter(0, 0); position < values.length; position++) sum.values[position] = values[position];
    return sum;
  }

  /** What has gone by each node, in the order in which they were taken. */
  ways(): WayStats[] {
    return [...this.#former].map(([name, former]) => {
      const sum = tunnelCountersIn(new ArrayBuffer(TUNNEL_COUNTERS_BYTES));
      addTo(sum, former);
      for (const [slot, nodeTunnel] of this.#nodeTunnels) {
        if (slot !== VIA_SLOT && nodeTunnel.name === name) addTo(sum, nodeTunnel.counters);
      }
      const of = (counter: TunnelCounterName) => sum.values[TunnelCounter[counter]];
      return {
        name,
        upPackets: of('localPacketsReceived'),
        upBytes: of('localBytesReceived'),
        downPackets: of('localPacketsSent'),
        downBytes: of('localBytesSent'),
        flows: of('flows'),
      };
    });
  }

  #formerOf(name: string): TunnelCounters {
    const known = this.#former.get(name) ?? tunnelCountersIn(new ArrayBuffer(TUNNEL_COUNTERS_BYTES));
    this.#former.set(name, known);
    return known;
  }

  /** The way through another node carries what the others have counted already. */
  #sum(): TunnelCounters {
    const sum = tunnelCountersIn(new ArrayBuffer(TUNNEL_COUNTERS_BYTES));
    for (const former of this.#former.values()) addTo(sum, former);
    for (const [slot, { counters }] of this.#nodeTunnels) if (slot !== VIA_SLOT) addTo(sum, counters);
    return sum;
  }
}

/** A node tunnel that is no more has no flows. */
function totalsOf({ values }: TunnelCounters): Float64Array {
  const totals = Float64Array.from(values);
  totals[TunnelCounter.flows] = 0;
  return totals;
}

function addTo(sum: TunnelCounters, counters: TunnelCounters): void {
  for (const part of ['values', 'localDrops', 'nodeDrops'] as const) {
    counters[part].forEach((value, position) => {
      sum[part][position] += value;
    });
  }
}
