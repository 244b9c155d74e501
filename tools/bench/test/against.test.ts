import { expect, test } from 'vitest';
import { isSound, renderPairs } from '../src/against/against.ts';

test('each case has the median of the ratios of its pairs, and the smallest and largest of them', () => {
  const pairs = [
    { ownUs: 10, otherUs: 10 },
    { ownUs: 22, otherUs: 20 },
    { ownUs: 19, otherUs: 20 },
  ];
  const lines = renderPairs([pairs, pairs, pairs, pairs])
    .split('\n')
    .map((line) => line.replaceAll(/ +/g, ' '));

  expect(lines).toHaveLength(6);
  expect(lines).toContain('| version 1 | 20,000 | 19 | 20 | 1.000 | 0.950 to 1.100 | 3 |');
  expect(lines[5]).toMatch(/^\| version 2, K=4 \| 60,000 /);
});

test('a case of which no pair counts has no ratio', () => {
  expect(renderPairs([[], [], [], []]).split('\n')[2]).toMatch(/\| – +\| – +\| +0 \|$/);
});

test('a window in which the machine was busy with something else does not count', () => {
  expect(isSound({ loss: 0.01, lateP99Us: 10_000 })).toBe(true);
  expect(isSound({ loss: 0.011, lateP99Us: 0 })).toBe(false);
  expect(isSound({ loss: 0, lateP99Us: 10_001 })).toBe(false);
});
