import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyTable, RttEstimator } from '@lightspeed/session';

describe('the RTT estimator', () => {
  it('computes what RFC 6298 says', () => {
    const rtt = new RttEstimator();
    rtt.sample(100_000);
    expect([rtt.smoothedUs, rtt.jitterUs, rtt.minimumUs]).toEqual([100_000, 50_000, 100_000]);
    rtt.sample(180_000);
    expect([rtt.smoothedUs, rtt.jitterUs]).toEqual([110_000, 57_500]);
    rtt.sample(90_000);
    expect([rtt.smoothedUs, rtt.jitterUs, rtt.minimumUs, rtt.latestUs, rtt.samples]).toEqual([107_500, 48_125, 90_000, 90_000, 3]);
  });

  it('ignores samples from a clock that went back', () => {
    const rtt = new RttEstimator();
    rtt.sample(-5);
    expect([rtt.samples, rtt.smoothedUs]).toEqual([0, -1]);
  });
});

describe('the key table', () => {
  it('agrees with a Map, over any insertions and removals, for keys of one to four numbers', () => {
    const part = fc.constantFrom(0, 1, -1, 0x7fff_ffff, -0x8000_0000, 0xc0a8_0101);
    const key = fc.tuple(part, fc.nat(3), part, fc.nat(1));
    const operation = fc.tuple(fc.constantFrom('set', 'delete', 'get'), key, fc.nat(1000));
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(1, 2, 3, 4), fc.array(operation, { maxLength: 300 }), (seed, numbers, operations) => {
        const table = new KeyTable(seed, 0, numbers);
        const model = new Map<string, number>();
        for (const [name, [a, b, c, d], value] of operations) {
          const text = [a | 0, b, c | 0, d].slice(0, numbers).join();
          if (name === 'set') {
            table.set(a, b, c, d, value);
            model.set(text, value);
          } else if (name === 'delete') {
            expect(table.delete(a, b, c, d)).toBe(model.delete(text));
          }
          expect(table.get(a, b, c, d)).toBe(model.get(text) ?? -1);
          expect(table.size).toBe(model.size);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('holds 100,000 keys and lets go of all of them', () => {
    const table = new KeyTable(42);
    for (let i = 0; i < 100_000; i++) table.set(i, i >> 3, 7, 0, i);
    for (let i = 0; i < 100_000; i++) if (table.get(i, i >> 3, 7, 0) !== i) throw new Error(`lost ${i}`);
    for (let i = 0; i < 100_000; i += 2) table.delete(i, i >> 3, 7, 0);
    for (let i = 0; i < 100_000; i++) if (table.get(i, i >> 3, 7, 0) !== (i % 2 ? i : -1)) throw new Error(`wrong ${i}`);
    for (let i = 1; i < 100_000; i += 2) table.delete(i, i >> 3, 7, 0);
    expect(table.size).toBe(0);
  });
});
