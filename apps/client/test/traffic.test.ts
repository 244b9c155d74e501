import { describe, expect, it } from 'vitest';
import { printable } from '../src/base/printable.ts';
import { VIA_SLOT } from '../src/tunnel/messages.ts';
import { TrafficMeter, totalLoss } from '../src/cli/traffic.ts';
import { CounterBook } from '../src/tunnel/counter-book.ts';
import type { TunnelStats } from '../src/run/stats.ts';
import { TUNNEL_COUNTERS_BYTES, TunnelCounter, tunnelCountersIn } from '@lightspeed/session';

import { stats } from './support/tunnel-stats.ts';
/** Packets up and down, by each way. */
function byWays(...ways: readonly [number, number][]): Pick<TunnelStats, 'ways'> {
  return {
    ways: ways.map(([upPackets, downPackets], way) => ({ name: `${way}`, upPackets, upBytes: 0, downPackets, downBytes: 0, flows: 1 })),
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
    expect(meter.sample(stats({}), 0).down).toMatchObject({ lossRatio: undefined, unrepairedRatio: undefined, lateRatio: undefined });
    expect(meter.sample(stats({ sequenceExpected: 1_000, sequenceReceived: 800 }), 1_000).down.lossRatio).toBe(0.2);
    let latest: number | undefined;
    for (let i = 1; i <= 10; i++) {
      const look = stats({ sequenceExpected: 1_000 + 100 * i, sequenceReceived: 800 + 100 * i });
      latest = meter.sample(look, 1_000 + i * 1_000).down.lossRatio;
    }
    expect(latest).toBe(0);
  });

  it('gives no share of fewer than 200 packets, and looks further back until there are as many', () => {
    const meter = new TrafficMeter(0);
    expect(meter.sample(stats({ sequenceExpected: 9, sequenceReceived: 7 }), 1_000).down).toMatchObject({
      expected: 9,
      lost: 2,
      lossRatio: undefined,
      unrepairedRatio: undefined,
      lateRatio: undefined,
    });
    const seen: (number | undefined)[] = [];
    for (let i = 1; i <= 60; i++) {
      seen.push(meter.sample(stats({ sequenceExpected: 9 + 10 * i, sequenceReceived: 7 + 9 * i }), 1_000 + 1_000 * i).down.lossRatio);
    }
    expect(seen.slice(0, 19)).toEqual(new Array(19).fill(undefined));
    expect(seen.slice(30)).toEqual(new Array(30).fill(0.1));
  });

  it('does not take packets that were only late for less than no loss', () => {
    const meter = new TrafficMeter(0);
    meter.sample(stats({ sequenceExpected: 1_000, sequenceReceived: 998 }), 1_000);
    for (let i = 0; i < 10; i++) {
      const look = stats({ sequenceExpected: 1_300, sequenceReceived: 1_300 });
      expect(meter.sample(look, 2_000 + i).down.lossRatio).toBe(0);
    }
  });

  it('gives the share of packets that came behind a later one', () => {
    const meter = new TrafficMeter(0);
    const late = stats({ sequenceExpected: 250, sequenceReceived: 200, sequenceLate: 50 });
    expect(meter.sample(late, 1_000).down.lateRatio).toBe(0.25);
    expect(totalLoss(late).down.lateRatio).toBe(0.25);
  });

  it('gives what is left of loss when FEC has repaired what it can, parity that was lost aside', () => {
    // Of 1,000 packets 200 are parity, and of each kind a tenth is lost; 60 of 80 payloads are repaired.
    const counters = { sequenceExpected: 1_000, sequenceReceived: 900, fecRecovered: 60, dataPackets: 720, parityPackets: 180 };
    expect(new TrafficMeter(0).sample(stats(counters), 1_000).down).toEqual({
      expected: 1_000,
      lost: 100,
      payloads: 800,
      recovered: 60,
      lossRatio: 0.1,
      unrepairedRatio: 0.025,
      // How many of the 100 lost packets were parity varies by 4 of 800.
      unrepairedError: expect.closeTo(0.005),
      longLossRatio: 0.1,
      lateRatio: 0,
    });
  });

  it('says what protection has left over two minutes, and how sure that is', () => {
    const meter = new TrafficMeter(0);
    const after = (seconds: number) => ({
      sequenceExpected: 100 * seconds,
      sequenceReceived: 90 * seconds,
      repaired: 4 * seconds,
      dataPackets: 45 * seconds,
      parityPackets: 45 * seconds,
    });
    for (let second = 1; second < 100; second++) meter.sample(stats(after(second)), second * 1_000);
    const { down } = meter.sample(stats(after(100)), 100_000);
    expect(down).toMatchObject({ expected: 1_000, lost: 100 });
    expect(down.longLossRatio).toBeCloseTo(0.1);
    expect(down.unrepairedRatio).toBeCloseTo(0.02);
    expect(down.unrepairedError).toBeCloseTo(Math.sqrt(1_000 / 4) / 5_000);
  });

  it('gives the way up as nodes report it, and nothing if none does', () => {
    const up = { expected: 1_000, received: 850, late: 17, recovered: 60, refused: [], limits: undefined };
    const meter = new TrafficMeter(0);
    expect(meter.sample(stats({}), 1_000).up).toBeUndefined();
    const sample = meter.sample(stats({ localPacketsReceived: 80, fecParityGenerated: 20 }, { up }), 2_000);
    expect(sample.up).toMatchObject({ lost: 150, lossRatio: 0.15, recovered: 60, lateRatio: 0.02 });
    expect(sample.up?.unrepairedRatio).toBeCloseTo(0.075);
    expect(sample.down.lossRatio).toBeUndefined();
  });

  it('gives what was refused over the last ten looks', () => {
    const refusedBy = (packets: number) =>
      ({
        up: {
          expected: 0,
          received: 0,
          late: 0,
          recovered: 0,
          refused: [{ direction: 'up', reason: 'rate_packets', packets }],
          limits: undefined,
        },
      }) as const;
    const meter = new TrafficMeter(0);
    expect(meter.sample(stats({}, refusedBy(5)), 1_000).refused).toEqual([{ direction: 'up', reason: 'rate_packets', packets: 5 }]);
    expect(meter.sample(stats({}, refusedBy(12)), 2_000).refused).toEqual([{ direction: 'up', reason: 'rate_packets', packets: 12 }]);
    for (let i = 0; i < 9; i++) meter.sample(stats({}, refusedBy(12)), 3_000 + i);
    expect(meter.sample(stats({}, refusedBy(12)), 9_000).refused).toEqual([]);
  });

  it('adds up the drops of both sides', () => {
    const drops = { localDrops: { oversize: 2 }, nodeDrops: { bad_token: 1, duplicate: 4 } };
    expect(new TrafficMeter(0).sample(stats({}, drops), 1_000)).toMatchObject({ drops: 7 });
  });

  it('gives the loss since the start', () => {
    expect(totalLoss(stats({}))).toMatchObject({ up: undefined, down: { expected: 0, lossRatio: undefined } });
    expect(totalLoss(stats({ sequenceExpected: 200, sequenceReceived: 190 })).down.lossRatio).toBe(0.05);
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
