import { UDP_COUNTERS_BYTES } from '@lightspeed/udp';
import { LOCAL_COUNTERS_BYTES } from '../../src/ingress/local-counters.ts';
import { StatsReader } from '../../src/run/stats.ts';
import type { PathStats, TunnelStats } from '../../src/run/stats.ts';
import { CounterBook } from '../../src/tunnel/counter-book.ts';

const nothing = new StatsReader(
  new CounterBook(),
  new SharedArrayBuffer(UDP_COUNTERS_BYTES),
  new SharedArrayBuffer(LOCAL_COUNTERS_BYTES),
).read(0, [], false);

/** A tunnel's counters: nothing has happened, except this. */
export function stats(counters: Partial<TunnelStats['counters']>, drops: Partial<TunnelStats> = {}): TunnelStats {
  return { ...nothing, ...drops, counters: { ...nothing.counters, ...counters } };
}

/** A path that has carried nothing but keepalives. */
export function pathStats(keepalivesSent: number, keepalivesAnswered: number, firstArrivals: number): PathStats {
  return {
    local: { host: '0.0.0.0', port: 1 },
    via: false,
    up: true,
    rttMs: 1,
    jitterMs: 1,
    packetsSent: 0,
    packetsReceived: 0,
    keepalivesSent,
    keepalivesAnswered,
    firstArrivals,
    share: undefined,
  };
}
