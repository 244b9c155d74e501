import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NetemError, Random } from '@lightspeed/netem';

interface Vectors {
  readonly xoshiro128StarStar: { readonly state: [number, number, number, number]; readonly numbers: number[] };
  readonly seeds: readonly { readonly seed: number; readonly numbers: number[] }[];
}
const vectors = JSON.parse(readFileSync(new URL('./vectors/random.json', import.meta.url), 'utf8')) as Vectors;
const take = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.nextU32());

describe('Random', () => {
  test('gives the published numbers of xoshiro128** for the state 1, 2, 3, 4', () => {
    const { state, numbers } = vectors.xoshiro128StarStar;
    expect(take(Random.fromState(...state), numbers.length)).toEqual(numbers);
  });

  test.each(vectors.seeds)('gives the recorded numbers for seed $seed', ({ seed, numbers }) => {
    expect(take(new Random(seed), numbers.length)).toEqual(numbers);
  });

  test('gives different numbers for seeds that differ in any bit', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (one, other) => {
        fc.pre(one !== other);
        expect(take(new Random(one), 4)).not.toEqual(take(new Random(other), 4));
      }),
    );
  });

  test('nextInt stays below its bound and reaches every value', () => {
    const random = new Random(5);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i += 1) {
      const value = random.nextInt(7);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    expect(counts).toHaveLength(7);
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  });

  test('nextInt draws again where the remainder would favour small results', () => {
    // Of 2^32 numbers, those from 3 * 2^30 on are the incomplete stretch for n = 3 * 2^30.
    const n = 3 * 2 ** 30;
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const reference = new Random(seed);
        let expected = reference.nextU32();
        while (expected >= n) expected = reference.nextU32();
        expect(new Random(seed).nextInt(n)).toBe(expected);
      }),
    );
  });

  test('next lies in [0, 1) with a mean of a half', () => {
    const random = new Random(11);
    let sum = 0;
    let smallest = 1;
    let largest = 0;
    for (let i = 0; i < 100_000; i += 1) {
      const value = random.next();
      sum += value;
      smallest = Math.min(smallest, value);
      largest = Math.max(largest, value);
    }
    expect(smallest).toBeGreaterThanOrEqual(0);
    expect(largest).toBeLessThan(1);
    expect(sum / 100_000).toBeCloseTo(0.5, 2);
  });

  test('a fork shares no numbers with its origin', () => {
    const random = new Random(1);
    const fork = random.fork();
    const own = new Set(take(random, 1000));
    expect(take(fork, 1000).filter((value) => own.has(value))).toEqual([]);
  });

  test.each([1.5, NaN, Infinity, 2 ** 53])('refuses the seed %s', (seed) => {
    expect(() => new Random(seed)).toThrow(expect.objectContaining({ name: 'NetemError', code: 'ERR_NETEM_INVALID_OPTION' }));
  });

  test.each([0, -1, 1.5, NaN, 2 ** 32 + 1])('refuses nextInt(%s)', (n) => {
    expect(() => new Random(1).nextInt(n)).toThrow(NetemError);
  });

  test('refuses the state from which nothing but zeros come', () => {
    expect(() => Random.fromState(0, 0, 0, 0)).toThrow(NetemError);
  });
});
