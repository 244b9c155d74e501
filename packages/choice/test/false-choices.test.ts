import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { TRUE_GAINS_MS, falseChoices, falseChoicesTable } from './support/false-choices.ts';
import { CHOOSING_PAGE, withTable } from './support/page.ts';

const shares = falseChoices();
const shareOf = (rule: string, shape: string, gainMs: (typeof TRUE_GAINS_MS)[number]): number =>
  shares.find((one) => one.rule.includes(rule) && one.shape === shape)?.shares[TRUE_GAINS_MS.indexOf(gainMs)] ?? NaN;

test.each(['one-sided', 'symmetric'])('with jitter that is %s, equal ways are not taken for a gain, and 20 ms are found', (shape) => {
  expect(shareOf('the rule', shape, 0)).toBeLessThanOrEqual(0.005);
  expect(shareOf('the rule', shape, 20)).toBeGreaterThanOrEqual(0.99);
});

test('the mean of ten is a toss-up between equal ways', () => {
  expect(shareOf('mean', 'one-sided', 0)).toBeGreaterThan(0.4);
});

test('median and p90 alone choose equal ways more often, and overlook 20 ms more often', () => {
  for (const shape of ['one-sided', 'symmetric']) {
    expect(shareOf('alone', shape, 0)).toBeGreaterThan(shareOf('the rule', shape, 0));
    expect(shareOf('alone', shape, 20)).toBeLessThan(shareOf('the rule', shape, 20));
  }
});

test('the documentation has the table that pnpm choice writes', () => {
  const page = readFileSync(CHOOSING_PAGE, 'utf8');

  expect(page).toBe(withTable(page, falseChoicesTable()));
});
