import { WayChooser } from '@lightspeed/choice';
import { Random } from '@lightspeed/netem';
import { expect, test } from 'vitest';
import { usualLine } from './support/line.ts';
import type { Line } from './support/line.ts';
import { NODE, OTHER_NODE, START_MS, ipOf, playMatch } from './support/matches.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const line = (baseMs: number): Line => ({ baseMs, jitterMs: 2 });

test('of five matches, each on a new /24 of one provider, the third and later go by a node that is 20 ms better', () => {
  const chooser = new WayChooser({ nodes: [NODE] });
  const random = new Random(1);
  const ways = { direct: usualLine(random, 60), [NODE]: usualLine(random, 40) };

  const played = [1, 2, 3, 4, 5].map((number) =>
    playMatch(chooser, random, {
      server: `198.51.${(10 * number).toString()}.7`,
      startMs: START_MS + number * DAY_MS,
      seconds: 300,
      ways,
      burst: 'late',
    }),
  );

  expect(played.map(({ openedBy }) => openedBy.way)).toEqual(['direct', 'direct', NODE, NODE, NODE]);
  expect(played.map(({ openedBy }) => openedBy.evidence)).toEqual(['none', 'none', 'matches', 'matches', 'matches']);
  expect(played.flatMap(({ moves }) => moves)).toEqual([]);
  expect(played[0].record).toMatchObject({ savedMs: 0, harmMs: 0 });
  expect(played[4].record.savedMs).toBeGreaterThan(17);
  expect(chooser.counts).toMatchObject({ matches: { node: 3, direct: 0 }, none: { node: 0, direct: 2 } });
});

test('60 ms direct, 40 by A, 75 by B, then 90 by A: direct, A, a veto, and nothing moves in the middle of a match', () => {
  const chooser = new WayChooser({ nodes: [OTHER_NODE, NODE] });
  const random = new Random(2);
  const before = { direct: line(60), [NODE]: line(40), [OTHER_NODE]: line(75) };
  const after = { ...before, [NODE]: line(90) };
  const at = (minutes: number) => ({ server: '203.0.113.9', startMs: START_MS + minutes * 60_000, seconds: 240 });

  const first = playMatch(chooser, random, { ...at(0), ways: before });
  const second = playMatch(chooser, random, { ...at(6), ways: before });
  const third = playMatch(chooser, random, { ...at(12), ways: after });
  const fourth = playMatch(chooser, random, { ...at(18), ways: after });

  expect([first, second, third, fourth].map(({ openedBy: { way, reason } }) => [way, reason])).toEqual([
    ['direct', 'no-evidence'],
    [NODE, 'faster'],
    [NODE, 'matches-faster'],
    ['direct', 'veto'],
  ]);
  expect(second.record.savedMs).toBeGreaterThan(18);
  expect(third.record.isVetoed).toBe(true);
  expect(third.record.harmMs).toBeGreaterThan(25);
  expect([first, second, third, fourth].flatMap(({ moves }) => moves)).toEqual([]);
});

test('5 % loss direct, none by the node, same latency: by the node after 60 s of a series, and not before', () => {
  const chooser = new WayChooser({ nodes: [NODE] });
  const random = new Random(3);
  const server = { serverIp: ipOf('203.0.113.9'), serverPort: 27_015, game: 'CS2' };
  const ways = { direct: { ...line(50), lossShare: 0.05 }, [NODE]: line(50) };
  let pairsBefore = 0;
  let pairsAtFirst = NaN;
  let firstMs = NaN;

  const { moves, record } = playMatch(chooser, random, {
    server: '203.0.113.9',
    startMs: START_MS,
    seconds: 300,
    ways,
    everySecond: (_match, nowMs) => {
      const pairs = chooser.figuresFor(server.serverIp, nowMs).at(0)?.pairs ?? 0;
      if (!Number.isNaN(firstMs)) return;
      if (chooser.decide(server, nowMs).way === 'direct') pairsBefore = pairs;
      else [firstMs, pairsAtFirst] = [nowMs, pairs];
    },
  });

  expect(pairsBefore).toBeLessThan(600);
  expect(pairsAtFirst).toBeGreaterThanOrEqual(600);
  expect(firstMs - START_MS).toBeGreaterThan(60_000);
  // Two probes have to be lost within a minute before the series begins.
  expect(firstMs - START_MS).toBeLessThan(180_000);
  expect(chooser.decide(server, START_MS + 310_000)).toMatchObject({ way: NODE, reason: 'less-loss', evidence: 'probes' });
  expect(moves).toEqual([]);
  expect(record.proofs[0].directLossShare).toBeGreaterThan(0.03);
});

test('of 200 matches in which no node is better, one at most goes by a node, at two probes a second', () => {
  const chooser = new WayChooser({ nodes: [NODE] });
  const random = new Random(4);
  const played = Array.from({ length: 200 }, (_, number) =>
    playMatch(chooser, random, {
      server: `198.${(51 + (number % 4)).toString()}.${number.toString()}.7`,
      startMs: START_MS + number * HOUR_MS,
      seconds: 300,
      ways: { direct: usualLine(random, 60), [NODE]: usualLine(random, 60) },
      burst: number % 2 === 0 ? 'in-time' : 'late',
    }),
  );

  expect(played.filter(({ record }) => record.decision.way !== 'direct').length).toBeLessThanOrEqual(1);
  // The burst has 20 probes.
  expect(Math.max(...played.map(({ probes }) => probes))).toBeLessThanOrEqual(2 * 300 + 20);
});

test('of two nodes that are better, the best one wins', () => {
  const chooser = new WayChooser({ nodes: [OTHER_NODE, NODE] });
  const random = new Random(5);
  const ways = { direct: line(60), [NODE]: line(30), [OTHER_NODE]: line(45) };
  const match = { server: '203.0.113.9', seconds: 60, ways };

  playMatch(chooser, random, { ...match, startMs: START_MS });
  const { openedBy } = playMatch(chooser, random, { ...match, startMs: START_MS + 120_000 });

  expect(openedBy).toMatchObject({ way: NODE, reason: 'faster', evidence: 'probes', node: NODE });
});
