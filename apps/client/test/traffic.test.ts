import { describe, expect, it } from 'vitest';
import { describeSample } from '../src/cli/report-sample.ts';
import type { Traffic } from '../src/cli/traffic.ts';
import { PathMeter } from '../src/cli/path-meter.ts';
import { printable } from '../src/base/printable.ts';
import { VIA_SLOT } from '../src/tunnel/messages.ts';
import { TrafficMeter, totalLateRatio, totalLossRatio } from '../src/cli/traffic.ts';
import { CounterBook } from '../src/tunnel/counter-book.ts';
import { StatsReader } from '../src/run/stats.ts';
import type { PathStats, TunnelStats } from '../src/run/stats.ts';
import { TUNNEL_COUNTERS_BYTES, TunnelCounter, tunnelCountersIn } from '@lightspeed/session';
import { LOCAL_COUNTERS_BYTES } from '../src/ingress/local-counters.ts';
import { UDP_COUNTERS_BYTES } from '@lightspeed/udp';

const nothing = new StatsReader(
  new CounterBook(),
  new SharedArrayBuffer(UDP_COUNTERS_BYTES),
  new SharedArrayBuffer(LOCAL_COUNTERS_BYTES),
).read(0, [], false);

function stats(counters: Partial<TunnelStats['counters']>, drops: Partial<TunnelStats> = {}): TunnelStats {
  return { ...nothing, ...drops, counters: { ...nothing.counters, ...counters } };
}

/** Packets up and down, by each way. */
function byWays(...ways: readonly [number, number][]): Pick<TunnelStats, 'ways'> {
  return {
    ways: ways.map(([upPackets, downPackets], way) => ({ name: `${way}`, upPackets, upBytes: 0, downPackets, downBytes: 0, flows: 1 })),
  };
}

function pathStats(keepalivesSent: number, keepalivesAnswered: number, firstArrivals: number): PathStats {
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

describe('the traffic meter', () => {
  it('gives datagrams a second between two looks', () => {
    const meter = new TrafficMeter(0);
    expect(meter.sample(stats({}, byWays([20, 10], [10, 0])), 1_000)).toMatchObject({ upPps: 30, downPps: 10 });
    expect(meter.sample(stats({}, byWays([40, 60], [20, 50])), 3_000)).toMatchObject({ upPps: 15, downPps: 50 });
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

  it('gives the share of packets that came behind a later one', () => {
    const meter = new TrafficMeter(0);
    expect(meter.sample(stats({}), 0).lateRatio).toBeUndefined();
    expect(meter.sample(stats({ sequenceExpected: 25, sequenceReceived: 20, sequenceLate: 5 }), 1_000).lateRatio).toBe(0.25);
    expect(totalLateRatio(stats({ sequenceReceived: 50, sequenceLate: 1 }))).toBe(0.02);
    expect(totalLateRatio(stats({}))).toBeUndefined();
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

describe('the live line', () => {
  const line = (traffic: Partial<Traffic>, counters = {}) => {
    const usual = { upPps: 1, downPps: 1, lossRatio: 0.021, lateRatio: 0, recovered: 3, drops: 0 };
    return describeSample(stats(counters), { ...usual, ...traffic }, [], []);
  };

  it('says that packets have tags', () => {
    expect([line({}, { tagged: 1 }).includes('[tagged]  rtt'), line({}).includes('tagged')]).toEqual([true, false]);
  });

  it('shows loss before recovery, and late packets if there are any', () => {
    expect(line({})).toContain('loss 2.1 %  recovered 3  up');
    expect(line({ lateRatio: 0.004 })).toContain('loss 2.1 %  late 0.4 %  recovered 3');
    expect(line({ lossRatio: undefined, lateRatio: undefined })).toContain('loss -  recovered');
  });
});

it('duplicates are no drops when there are several paths', () => {
  const twice = { nodeDrops: { duplicate: 10, bad_token: 1 } };
  expect(new TrafficMeter(0).sample(stats({}, twice), 1_000).drops).toBe(11);
  const paths = [pathStats(1, 1, 0), pathStats(1, 1, 0)];
  expect(new TrafficMeter(0).sample(stats({}, { ...twice, paths }), 1_000).drops).toBe(1);
});

describe('the path meter', () => {
  it('gives loss by keepalives, but for the one that may be under way, and shares of what came first', () => {
    const meter = new PathMeter();
    expect(meter.sample([pathStats(1, 0, 0), pathStats(1, 0, 0)])).toEqual([
      { lossRatio: undefined, share: undefined },
      { lossRatio: undefined, share: undefined },
    ]);
    expect(meter.sample([pathStats(12, 11, 30), pathStats(12, 6, 10)])).toEqual([
      { lossRatio: 0, share: 0.75 },
      { lossRatio: 0.4, share: 0.25 },
    ]);
  });

  it('looks back a minute, and not beyond a session that started over', () => {
    const meter = new PathMeter();
    meter.sample([pathStats(100, 0, 0)]);
    for (let second = 0; second < 60; second++) meter.sample([pathStats(200 + second, 100 + second, 10)]);
    expect(meter.sample([pathStats(261, 161, 20)])).toEqual([{ lossRatio: 0, share: 1 }]);
    expect(meter.sample([pathStats(2, 1, 5)])).toEqual([{ lossRatio: 0, share: 1 }]);
  });
});

describe('the book of counters', () => {
  it('adds up all nodes, keeps what former sessions counted, and shows the gauges of the node in use', () => {
    const book = new CounterBook();
    const nodeTunnel = (slot: number, packets: number, rttUs: number) => {
      const buffer = new SharedArrayBuffer(TUNNEL_COUNTERS_BYTES);
      const { values } = tunnelCountersIn(buffer);
      values[TunnelCounter.localPacketsReceived] = packets;
      values[TunnelCounter.keepalivesAnswered] = 1;
      values[TunnelCounter.rttSmoothedUs] = rttUs;
      values[TunnelCounter.flows] = 1;
      values[TunnelCounter.tagged] = 1;
      book.add(slot, `node ${slot}`, buffer);
    };
    nodeTunnel(0, 5, 1_000);
    nodeTunnel(1, 7, 2_000);
    nodeTunnel(0, 100, 3_000);
    nodeTunnel(VIA_SLOT, 1_000, 4_000);
    expect(book.localPackets()).toBe(112);
    expect([0, 1, 2].map((slot) => book.rttMs(slot, `node ${slot}`))).toEqual([3, 2, undefined]);
    const { values } = book.read(1);
    expect(values[TunnelCounter.rttSmoothedUs]).toBe(2_000);
    expect([values[TunnelCounter.flows], values[TunnelCounter.tagged]]).toEqual([2, 1]);
  });
});

it('what a node says is printed without its control characters', () => {
  expect(printable('a\u001b[2J\nb\u202eé')).toBe('a\\u{1b}[2J\\u{a}b\\u{202e}é');
});
