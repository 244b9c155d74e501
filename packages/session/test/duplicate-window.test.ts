import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DUPLICATE_WINDOW_PACKETS, DuplicateWindow } from '@lightspeed/session';
import { DropReason } from '@lightspeed/wire';

/** The window's rules in the plainest way: a Set of extended sequence numbers. */
class Model {
  readonly #seen = new Set<number>();
  #newest = Number.NEGATIVE_INFINITY;

  accept(extended: number): number {
    if (extended <= this.#newest - DUPLICATE_WINDOW_PACKETS) return DropReason.tooOld;
    if (this.#seen.has(extended)) return DropReason.duplicate;
    this.#seen.add(extended);
    this.#newest = Math.max(this.#newest, extended);
    return 0;
  }
}

describe('the duplicate window', () => {
  it('agrees with a Set of all numbers, over any steps and wraps', () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: -20, max: 20 }) },
      { weight: 4, arbitrary: fc.integer({ min: -1_100, max: 1_100 }) },
      { weight: 1, arbitrary: fc.integer({ min: -30_000, max: 30_000 }) },
    );
    fc.assert(
      fc.property(fc.nat(0xffff), fc.array(step, { maxLength: 400 }), (start, steps) => {
        const window = new DuplicateWindow();
        const model = new Model();
        let newest = start + 0x10000;
        for (const distance of [0, ...steps]) {
          const at = newest + distance;
          // Further behind than half the circle is the same as ahead: no receiver could tell.
          if (at < newest - 32_768) continue;
          expect(window.accept(at & 0xffff)).toBe(model.accept(at));
          newest = Math.max(newest, at);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('accepts each number of three whole circles once', () => {
    const window = new DuplicateWindow();
    for (let extended = 65_000; extended < 65_000 + 3 * 65_536; extended++) {
      if (window.accept(extended & 0xffff) !== 0) throw new Error(`refused ${extended}`);
      if (window.accept(extended & 0xffff) !== DropReason.duplicate) throw new Error(`took ${extended} twice`);
    }
  });

  it('knows 1,024 numbers and calls older ones too old', () => {
    const window = new DuplicateWindow();
    window.accept(2_000);
    expect(window.accept(2_000 - 1_023)).toBe(0);
    expect(window.accept(2_000 - 1_023)).toBe(DropReason.duplicate);
    expect(window.accept(2_000 - 1_024)).toBe(DropReason.tooOld);
  });

  it('counts what should have come and what came', () => {
    const window = new DuplicateWindow();
    for (const sequence of [10, 11, 13, 13, 9, 20]) window.accept(sequence);
    expect([window.expected, window.received]).toEqual([12, 5]);
    window.reset();
    window.accept(5);
    expect([window.expected, window.received]).toEqual([13, 6]);
  });
});
