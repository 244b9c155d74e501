import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LatencyCounts, latenciesOf } from '../src/scale/latency-counts.ts';

it('quantiles are those of the sorted times', () => {
  const times = fc.array(fc.integer({ min: 0, max: 200_000 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(times, fc.double({ min: 0.001, max: 1, noNaN: true }), (us, share) => {
      const counts = new LatencyCounts();
      for (const one of us) counts.add(one);
      const sorted = us.toSorted((a, b) => a - b);
      expect(counts.quantile(share)).toBe(sorted[Math.ceil(share * us.length) - 1]);
    }),
    { numRuns: 50 },
  );
});

it('what takes longer than can be counted counts as the longest', () => {
  const counts = new LatencyCounts();
  for (const us of [10, 20, 5_000_000, -3]) counts.add(us);
  expect(latenciesOf(counts)).toEqual({ p50Us: 10, p99Us: 200_000, p999Us: 200_000, maxUs: 200_000 });
  expect(counts.total).toBe(4);
});
