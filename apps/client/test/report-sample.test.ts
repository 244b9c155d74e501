import { describe, expect, it } from 'vitest';
import type { DirectionLoss } from '../src/cli/loss.ts';
import { PathMeter } from '../src/cli/path-meter.ts';
import { refusedDestinationText } from '../src/cli/refusals.ts';
import { describeSample, describeTotal } from '../src/cli/report-sample.ts';
import { TrafficMeter } from '../src/cli/traffic.ts';
import type { Traffic } from '../src/cli/traffic.ts';
import type { TunnelStats } from '../src/run/stats.ts';
import { pathStats, stats } from './support/tunnel-stats.ts';

const NO_TRAFFIC = { upPps: 0, downPps: 0, up: undefined, drops: 0, refused: [] };

describe('the live line', () => {
  const fared = (lossRatio: number | undefined, recovered = 0, lateRatio = 0): DirectionLoss => {
    const unrepairedRatio = lossRatio && lossRatio / 10;
    return {
      expected: 1_000,
      lost: 20,
      payloads: 800,
      recovered,
      lossRatio,
      unrepairedRatio,
      unrepairedError: 0,
      longLossRatio: lossRatio,
      lateRatio,
    };
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
      unrepairedError: undefined,
      longLossRatio: undefined,
      lateRatio: undefined,
    };
    expect(line({ up: few, refused: [{ ...up, packets: 5 }] })).toContain('node refuses: 5 over its rate limit');
  });

  it('says how sure it is of what protection has left, where it estimates that', () => {
    expect(line({ up: { ...fared(0.15, 9), unrepairedError: 0.004 } })).toContain('loss up 15.0 % (1.5 % ±0.4 % after protection)');
    expect(describeTotal({ ...fared(0.02, 9), unrepairedError: 0.001 })).toBe(
      'lost 20 of 1000, of which about 800 had a datagram, 2.0 % (0.2 % ±0.1 % after protection); recovered 9; late 0.0 %',
    );
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
