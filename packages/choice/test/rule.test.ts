import { figuresOf, judge } from '@lightspeed/choice';
import { expect, test } from 'vitest';

const times = (count: number, ms: number) => Array.from({ length: count }, () => ms);
const losing = (count: number, ms: number, lost: number) => [...times(lost, NaN), ...times(count - lost, ms)];
const verdict = (direct: readonly number[], node: readonly number[]) => judge(figuresOf(direct, node));

test.each([
  ['nine pairs say nothing', times(9, 60), times(9, 20), 'unknown'],
  ['ten pairs are enough', times(10, 60), times(10, 20), 'faster'],
  ['5.9 ms are less than 10 % of 60 ms', times(10, 60), times(10, 54.1), 'alike'],
  ['6 ms are 10 % of 60 ms', times(10, 60), times(10, 54), 'faster'],
  ['4 ms of 20 ms are less than 5 ms', times(10, 20), times(10, 16), 'alike'],
  ['three of ten pairs without gain are too many', times(10, 60), [...times(7, 40), ...times(3, 60)], 'alike'],
  ['two of ten pairs may have spikes', times(10, 60), [...times(8, 40), ...times(2, 90)], 'faster'],
  ['of 40 pairs five spikes make the p90 worse', times(40, 60), [...times(35, 40), ...times(5, 90)], 'alike'],
  ['of 40 pairs four spikes do not', times(40, 60), [...times(36, 40), ...times(4, 90)], 'faster'],
  ['a node that is slower by the margin is slower', times(10, 60), times(10, 66), 'slower'],
] as const)('%s', (_what, direct, node, expected) => {
  expect(verdict(direct, node)).toBe(expected);
});

test.each([
  ['600 pairs with 3 % against 0 % are enough', losing(600, 60, 18), times(600, 60), 'less-loss'],
  ['599 pairs are too few', losing(599, 60, 30), times(599, 60), 'alike'],
  ['less than 3 % is no reason', losing(600, 60, 17), times(600, 60), 'alike'],
  ['a node that loses more than half as much is none', losing(600, 60, 60), losing(600, 60, 31), 'alike'],
  ['slower by the margin comes before it', losing(600, 60, 30), times(600, 70), 'slower'],
  ['a node that is slower by 10 ms is one', losing(600, 110, 30), times(600, 120), 'less-loss'],
  ['a node that is slower by more is none', losing(600, 120, 30), times(600, 130.5), 'alike'],
  ['a filtered way says nothing', losing(600, 60, 301), times(600, 60), 'alike'],
  ['a node that loses more is worse', times(600, 60), losing(600, 60, 30), 'more-loss'],
] as const)('for loss, %s', (_what, direct, node, expected) => {
  expect(verdict(direct, node)).toBe(expected);
});

test('pairs in which a way was not answered say nothing of latency', () => {
  const figures = figuresOf([60, NaN, 70], [50, 50, NaN]);

  expect(figures).toMatchObject({ pairs: 3, answered: 1, gainMs: 10, directLossShare: 1 / 3, nodeLossShare: 1 / 3 });
});
