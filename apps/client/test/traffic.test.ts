import { describe, expect, it } from 'vitest';
import { describeSample } from '../src/cli/report-sample.ts';
import type { Traffic } from '../src/cli/traffic.ts';
import { PathMeter } from '../src/cli/path-meter.ts';
import { printable } from '../src/base/printable.ts';
import { VIA_SLOT } from '../src/tunnel/messages.ts';
import type { DirectionLoss } from '../src/cli/loss.ts';
import { refusedDestinationText } from '../src/cli/refusals.ts';
import { TrafficMeter, totalLoss } from '../src/cli/traffic.ts';
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

const NO_TRAFFIC = { upPps: 0, downPps: 0, up: undefined, drops: 0, refused: [] };

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
      lateRatio: 0,
    });
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

describe('the live line', () => {
  const fared = (lossRatio: number | undefined, recovered = 0, lateRatio = 0): DirectionLoss => {
    return { expected: 1_000, lost: 20, payloads: 800, recovered, lossRatio, unrepairedRatio: lossRatio && lossRatio / 10, lateRatio };
  };
  const UP = { expected: 1_000, received: 980, late: 0, recovered: 14, refused: [], limits: { ratePps: 1_000, rateBps: 1_000_000 } };
  const line = (traffic: Partial<Traffic>, counters = {}, { up }: Pick<TunnelStats, 'up'> = { up: UP }) => {
    const usual = { upPps: 1, downPps: 1, up: fared(0.15, 9), down: fared(0.021), drops: 0, refused: [] };
    return describeSample(stats({ fecRecovered: 3, ...counters }, { up }), { ...usual, ...traffic }, [], []);
  };

  it('says that packets have tags', () => {
    expect([line({}, { tagged: 1 }).includes('[tagged]  rtt'), line({}).includes('tagged')]).toEqual([true, false]);
  });

  it('shows loss of both directions, before and after recovery, and late packets if there are any', () => {
    expect(line({})).toContain('loss up 15.0 % (1.5 % after protection), down 2.1 %  recovered 14 up, 3 down  up 1/s');
    expect(line({ down: fared(0.021, 0, 0.004) })).toContain('down 2.1 %  late up 0.0 %, down 0.4 %  recovered');
    expect(line({ up: fared(undefined, 2), down: fared(undefined) })).toContain('loss up -, down -  recovered');
  });

  it('says nothing of the way up where the node does not report it', () => {
    const alone = line({ up: undefined }, {}, { up: undefined });
    expect(alone).toContain('loss down 2.1 %  recovered 3 down  up');
    expect(alone).not.toContain('node refuses');
  });

  it('says what the node refuses, why, and how much of it', () => {
    const refuses = (...refused: Traffic['refused']) => line({ refused }).replace(/^.*node refuses: /, '');
    const up = { direction: 'up', reason: 'rate_packets' } as const;
    expect(refuses({ ...up, packets: 200 })).toBe('20.0 % over its rate limit of 1,000 packets/s');
    expect(refuses({ direction: 'down', reason: 'rate_bytes', packets: 200 })).toBe(
      '20.0 % of what servers send over its rate limit of 1,000,000 bytes/s',
    );
    expect(refuses({ ...up, packets: 800 }, { direction: 'up', reason: 'destination_denied', packets: 1_234 })).toBe(
      '50.0 % over its rate limit of 1,000 packets/s, 1,234 to game servers that its rules deny',
    );
    const unknown = line({ refused: [{ direction: 'up', reason: 99, packets: 3 }] }, {}, { up: { ...UP, limits: undefined } });
    expect(unknown).toContain('node refuses: 3 for reason 99');
    const few = {
      expected: 20,
      lost: 0,
      payloads: 20,
      recovered: 0,
      lossRatio: undefined,
      unrepairedRatio: undefined,
      lateRatio: undefined,
    };
    expect(line({ up: few, refused: [{ ...up, packets: 5 }] })).toContain('node refuses: 5 over its rate limit');
  });

  it('counts the keepalives that a path has lost', () => {
    const paths = [pathStats(12, 11, 1), pathStats(12, 6, 1)];
    const traffic = new PathMeter().sample(paths);
    const two = describeSample(stats({}, { paths }), { ...NO_TRAFFIC, down: fared(0) }, traffic, []);
    expect(two).toContain('path 1 1.0 ms, 0 of 11 keepalives lost, share 50.0 %');
    expect(two).toContain('path 2 1.0 ms, 5 of 11 keepalives lost');
  });
});

describe('what helps with a game server that a node refuses', () => {
  it.each([
    [
      'destination_denied',
      'Ask its operator for --allow-destination 10.0.0.1/32:27015, or go there without the node: --way 10.0.0.1:27015=direct',
    ],
    ['reflection', 'try again in 10 s'],
    ['flow_limit', 'as many flows as it may have'],
    ['egress_exhausted', 'name another --node'],
    [99, 'for reason 99'],
  ] as const)('%s', (reason, text) => {
    const said = refusedDestinationText('a:1', { ip: 0x0a00_0001, port: 27_015, reason });
    expect(said).toContain('node a:1 does not relay to 10.0.0.1:27015');
    expect(said).toContain(text);
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
      { keepalives: 0, keepalivesLost: 0, share: undefined },
      { keepalives: 0, keepalivesLost: 0, share: undefined },
    ]);
    expect(meter.sample([pathStats(12, 11, 30), pathStats(12, 6, 10)])).toEqual([
      { keepalives: 10, keepalivesLost: 0, share: 0.75 },
      { keepalives: 10, keepalivesLost: 4, share: 0.25 },
    ]);
  });

  it('looks back a minute, and not beyond a session that started over', () => {
    const meter = new PathMeter();
    meter.sample([pathStats(100, 0, 0)]);
    for (let second = 0; second < 60; second++) meter.sample([pathStats(200 + second, 100 + second, 10)]);
    expect(meter.sample([pathStats(261, 161, 20)])).toEqual([{ keepalives: 60, keepalivesLost: 0, share: 1 }]);
    expect(meter.sample([pathStats(2, 1, 5)])).toEqual([{ keepalives: 1, keepalivesLost: 0, share: 1 }]);
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
