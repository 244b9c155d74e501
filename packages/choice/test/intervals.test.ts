import { medianInterval } from '@lightspeed/choice';
import { Random } from '@lightspeed/netem';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundIndex } from '../src/order.ts';

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

test.each([
  [5, undefined],
  [6, [1, 6]],
  [10, [2, 9]],
  [38, [13, 26]],
  [100, [40, 61]],
])('of %i values the bounds of the median are those of tables of the binomial distribution', (count, bounds) => {
  expect(medianInterval(upTo(count))).toEqual(bounds);
});

test('of ten values two may lie below a bound that is wrong in 5.5 % of cases', () => {
  expect(boundIndex(10, 0.055)).toBe(2);
  expect(boundIndex(3, 0.055)).toBe(-1);
});

test('with many thousand values nothing underflows', () => {
  const [low, high] = medianInterval(upTo(8_192)) ?? [NaN, NaN];

  expect(low).toBeGreaterThan(3_990);
  expect(high).toBe(8_193 - low);
});

test('the true median is within in at least 95 % of cases, however values are spread', () => {
  for (const spread of [(u: number) => u, (u: number) => -Math.log(1 - u), (u: number) => Math.tan(Math.PI * (u - 0.5))]) {
    const random = new Random(7);
    let within = 0;
    for (let round = 0; round < 2_000; round++) {
      const [low, high] = medianInterval(Float64Array.from({ length: 30 }, () => spread(random.next())).sort()) ?? [NaN, NaN];
      if (low <= spread(0.5) && spread(0.5) <= high) within++;
    }
    expect(within / 2_000).toBeGreaterThanOrEqual(0.945);
  }
});

test('bounds lie on both sides of the middle, at the same distance', () => {
  fc.assert(
    fc.property(fc.integer({ min: 6, max: 2_000 }), (count) => {
      const [low, high] = medianInterval(upTo(count)) ?? [NaN, NaN];
      expect(low + high).toBe(count + 1);
      expect(low).toBeLessThanOrEqual((count + 1) / 2);
    }),
  );
});
