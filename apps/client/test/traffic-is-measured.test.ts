import { describe, expect, it } from 'vitest';
import { TrafficMeter, totalLossRatio } from '../src/cli/traffic.ts';
import { CounterBook, StatsReader } from '../src/tunnel/stats.ts';
import type { TunnelStats } from '../src/tunnel/stats.ts';
import { UDP_COUNTERS_BYTES } from '@lightspeed/udp';

const nothing = new StatsReader(new CounterBook(), new SharedArrayBuffer(UDP_COUNTERS_BYTES)).read(0, [], false);

function stats(counters: Partial<TunnelStats['counters']>, drops: Partial<TunnelStats> = {}): TunnelStats {
  return { ...nothing, ...drops, counters: { ...nothing.counters, ...counters } };
}

describe('the traffic meter', () => {
  it('gives datagrams a second between two looks', () => {
    const meter = new TrafficMeter(0);
    expect(meter.sample(stats({ localPacketsReceived: 30, localPacketsSent: 10 }), 1_000)).toMatchObject({ upPps: 30, downPps: 10 });
    expect(meter.sample(stats({ localPacketsReceived: 60, localPacketsSent: 110 }), 3_000)).toMatchObject({ upPps: 15, downPps: 50 });
  });

  it('gives the loss over the last ten looks, and forgets what lies further back', () => {
    const meter = new TrafficMeter(0);
    expect(meter.sample(stats({}), 0).lossRatio).toBeUndefined();
    expect(meter.sample(stats({ sequenceExpected: 100, sequenceReceived: 80 }), 1_000).lossRatio).toBe(0.2);
    let latest: number | undefined;
    for (let i = 1; i <= 10; i++) {
      const look = stats({ sequenceExpected: 100 + 10 * i, sequenceReceived: 80 + 10 * i });
      latest = meter.sample(look, 1_000 + i * 1_000).lossRatio;
    }
    expect(latest).toBe(0);
  });

  it('does not take packets that were only late for less than no loss', () => {
    const meter = new TrafficMeter(0);
    meter.sample(stats({ sequenceExpected: 10, sequenceReceived: 8 }), 1_000);
    expect(meter.sample(stats({ sequenceExpected: 11, sequenceReceived: 11 }), 2_000).lossRatio).toBe(0);
  });

  it('adds up the drops of both sides', () => {
    const drops = { localDrops: { oversize: 2 }, nodeDrops: { bad_token: 1, duplicate: 4 } };
    expect(new TrafficMeter(0).sample(stats({ fecRecovered: 3 }, drops), 1_000)).toMatchObject({ drops: 7, recovered: 3 });
  });

  it('gives the loss since the start', () => {
    expect(totalLossRatio(stats({}))).toBeUndefined();
    expect(totalLossRatio(stats({ sequenceExpected: 200, sequenceReceived: 190 }))).toBe(0.05);
  });
});
