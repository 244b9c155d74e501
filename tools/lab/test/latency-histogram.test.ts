import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LatencyHistogram } from '../src/load/latency-histogram.ts';

test('percentiles of short latencies are exact', () => {
  const histogram = new LatencyHistogram();
  for (let us = 1; us <= 1_000; us++) histogram.note(us);

  expect([0.5, 0.9, 0.99, 0.999, 1].map((fraction) => histogram.percentileUs(fraction))).toEqual([500, 900, 990, 999, 1_000]);
});

test('percentiles of any latencies are within a thousandth of the true ones', () => {
  const latencies = fc.array(fc.integer({ min: 0, max: 30_000_000 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(latencies, fc.double({ min: 0, max: 1, noNaN: true }), (values, fraction) => {
      const histogram = new LatencyHistogram();
      for (const value of values) histogram.note(value);
      const sorted = values.toSorted((a, b) => a - b);
      const exact = sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)];
      const found = histogram.percentileUs(fraction);

      expect(found).toBeLessThanOrEqual(exact);
      expect(found).toBeGreaterThanOrEqual(exact * (1 - 1 / 1_024) - 1);
    }),
  );
});

test('a latency beyond all buckets counts in the last one, and one below zero as none', () => {
  const histogram = new LatencyHistogram();
  histogram.note(-5);
  histogram.note(1e12);

  expect(histogram.total).toBe(2);
  expect(histogram.percentileUs(0.5)).toBe(0);
  expect(histogram.percentileUs(1)).toBeGreaterThan(30_000_000);
});

test('nothing has no percentiles', () => {
  expect(new LatencyHistogram().percentileUs(0.5)).toBeNaN();
});
