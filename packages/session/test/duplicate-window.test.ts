import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DUPLICATE_WINDOW_PACKETS, DuplicateWindow, WINDOW_MOVED } from '@lightspeed/session';
import { DropReason } from '@lightspeed/wire';

/** The window's rules in the plainest way: a Set of extended sequence numbers. It never moves to candidates. */
class Model {
  readonly #seen = new Set<number>();
  #newest = Number.NaN;

  accept(extended: number): number {
    if (extended <= this.#newest - DUPLICATE_WINDOW_PACKETS) return DropReason.tooOld;
    if (extended >= this.#newest + DUPLICATE_WINDOW_PACKETS) return DropReason.tooFarAhead;
    if (this.#seen.has(extended)) return DropReason.duplicate;
    this.#seen.add(extended);
    this.#newest = Math.max(Number.isNaN(this.#newest) ? extended : this.#newest, extended);
    return 0;
  }

  get newest(): number {
    return this.#newest;
  }
}

describe('the duplicate window', () => {
  it('takes payloads of later packets, each once, that are not older than its first packet', () => {
    const window = new DuplicateWindow();
    window.accept(10, 0, 0, false);
    expect(window.acceptRepeat(9)).toBe(false);
    window.accept(13, 0, 0, false);
    expect([9, 10, 11, 11, 12, 13, 14].map((number) => window.acceptRepeat(number))).toEqual([
      false,
      false,
      true,
      false,
      true,
      false,
      false,
    ]);
    expect([window.expected, window.received, window.accept(12, 0, 0, false)]).toEqual([4, 2, DropReason.duplicate]);
  });

  it('agrees with a Set of all numbers, over any steps and wraps, while packets keep coming', () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: -20, max: 20 }) },
      { weight: 4, arbitrary: fc.integer({ min: -1_100, max: 1_100 }) },
      { weight: 1, arbitrary: fc.integer({ min: -30_000, max: 30_000 }) },
    );
    fc.assert(
      fc.property(fc.nat(0xffff), fc.array(step, { maxLength: 400 }), (start, steps) => {
        const window = new DuplicateWindow();
        const model = new Model();
        const first = start + 0x100000;
        expect(window.accept(first & 0xffff, 0, 0, false)).toBe(model.accept(first));
        for (const distance of steps) {
          const at = model.newest + distance;
          expect(window.accept(at & 0xffff, 0, 0, false)).toBe(model.accept(at));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('accepts each number of three whole circles once', () => {
    const window = new DuplicateWindow();
    for (let extended = 65_000; extended < 65_000 + 3 * 65_536; extended++) {
      if (window.accept(extended & 0xffff, extended, 0, false) !== 0) throw new Error(`refused ${extended}`);
      if (window.accept(extended & 0xffff, extended, 0, false) !== DropReason.duplicate) throw new Error(`took ${extended} twice`);
    }
  });

  it('knows 1,024 numbers, calls older ones too old, and takes those that are up to 1,023 ahead', () => {
    const window = new DuplicateWindow();
    window.accept(2_000, 0, 0, false);
    expect(window.accept(2_000 - 1_023, 0, 0, false)).toBe(0);
    expect(window.accept(2_000 - 1_023, 0, 0, false)).toBe(DropReason.duplicate);
    expect(window.accept(2_000 - 1_024, 0, 0, false)).toBe(DropReason.tooOld);
    expect(window.accept(2_000 + 1_024, 0, 0, false)).toBe(DropReason.tooFarAhead);
    expect(window.accept(2_000 + 1_023, 0, 0, false)).toBe(0);
  });

  it('counts what should have come and what came', () => {
    const window = new DuplicateWindow();
    for (const sequence of [10, 11, 13, 13, 9, 20]) window.accept(sequence, 0, 0, false);
    expect([window.expected, window.received]).toEqual([12, 5]);
    window.reset();
    window.accept(5, 0, 0, false);
    expect([window.expected, window.received]).toEqual([13, 6]);
  });

  it('counts as lost what an outage has swallowed, and nothing when the peer has started over', () => {
    for (const [step, expected] of [
      [3_000, 3_001],
      [16_384, 2],
      [-2_000, 2],
    ]) {
      const window = new DuplicateWindow();
      window.accept(20_000, 0, 0, false);
      window.accept(20_000 + step, 0, 0, true);
      expect([window.expected, window.received]).toEqual([expected, 2]);
    }
  });
});

describe('a tagged number', () => {
  it('moves the window at once, ahead and back', () => {
    const window = new DuplicateWindow();
    expect(window.accept(50_000, 5, 0, true)).toBe(0);
    expect(window.accept(50_000 + 1_024, 6, 0, true)).toBe(WINDOW_MOVED);
    expect(window.accept(0, 7, 0, true)).toBe(WINDOW_MOVED);
    expect(window.accept(1, 8, 0, true)).toBe(0);
    expect(window.accept(0, 7, 0, true)).toBe(DropReason.duplicate);
  });

  it('does not move it when its timestamp is older than that of the newest tagged one', () => {
    const window = new DuplicateWindow();
    window.accept(50_000, 0x7fffffff, 0, true);
    expect(window.accept(40_000, 0x7ffffffe, 0, true)).toBe(DropReason.tooOld);
    expect(window.accept(60_000, 0x7ffffffe, 0, true)).toBe(DropReason.tooFarAhead);
    expect(window.accept(40_000, 0x80000000, 0, true)).toBe(WINDOW_MOVED);
  });

  it('moves it past an untagged one whose timestamp is ahead', () => {
    const window = new DuplicateWindow();
    window.accept(50_000, 10, 0, true);
    window.accept(50_001, 1_000_000, 0, false);
    expect(window.accept(10_000, 20, 0, true)).toBe(WINDOW_MOVED);
  });
});
