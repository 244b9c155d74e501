import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DESTINATION_ADMITTED, DESTINATION_REFUSED, DESTINATION_REFUSED_BAN, ReflectionGuard, SecurityError } from '@lightspeed/security';

const OK = DESTINATION_ADMITTED;
const NO = DESTINATION_REFUSED;
const BAN = DESTINATION_REFUSED_BAN;

function ask(guard: ReflectionGuard, times: number, nowMs: number): number[] {
  return Array.from({ length: times }, () => guard.admitDestination(0, nowMs | 0));
}

function fresh(startMs = 0, options = {}): ReflectionGuard {
  const guard = new ReflectionGuard(1, options);
  guard.reset(0, startMs);
  return guard;
}

describe('new destinations', () => {
  it('are ten in ten seconds by default, and ten more in the next', () => {
    const guard = fresh();
    expect(ask(guard, 12, 0)).toEqual([OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, NO, NO]);
    expect(ask(guard, 1, 9_999)).toEqual([NO]);
    expect(ask(guard, 11, 10_000)).toEqual([OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, NO]);
  });

  it('earn a ban at the first refusal in the third full window in a row', () => {
    const guard = fresh();
    expect(ask(guard, 11, 0).at(-1)).toBe(NO);
    expect(ask(guard, 11, 10_000).at(-1)).toBe(NO);
    expect(ask(guard, 12, 29_999).slice(-3)).toEqual([OK, BAN, BAN]);
  });

  it('earn no ban if a window between was not full', () => {
    const guard = fresh();
    ask(guard, 11, 0);
    ask(guard, 11, 10_000);
    expect(ask(guard, 10, 20_000)).not.toContain(NO);
    expect(ask(guard, 11, 30_000).at(-1)).toBe(NO);
    expect(ask(guard, 11, 40_000).at(-1)).toBe(NO);
    expect(ask(guard, 11, 50_000).at(-1)).toBe(BAN);
  });

  it('earn no ban if a window between saw nothing', () => {
    const guard = fresh();
    ask(guard, 11, 0);
    ask(guard, 11, 10_000);
    expect(ask(guard, 11, 30_000).at(-1)).toBe(NO);
  });

  it('of one session are no matter of another', () => {
    const guard = new ReflectionGuard(2, { maxDestinationsPerWindow: 1, fullWindowsToBan: 1 });
    guard.reset(0, 0);
    guard.reset(1, 0);
    expect([0, 0, 1, 1].map((slot) => guard.admitDestination(slot, 5))).toEqual([OK, BAN, OK, BAN]);
    guard.reset(0, 5);
    expect([0, 1].map((slot) => guard.admitDestination(slot, 5))).toEqual([OK, BAN]);
  });

  it('follow the model for any sequence of gaps, across wraps of the clock', () => {
    const gaps = fc.array(fc.oneof(fc.nat({ max: 30 }), fc.nat({ max: 300 }), fc.nat({ max: 1_000_000 })));
    const start = fc.oneof(fc.constant(0x7fff_ffff - 100), fc.integer());
    fc.assert(
      fc.property(start, gaps, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }), (start, gaps, max, toBan) => {
        const windowMs = 100;
        const guard = fresh(start, { maxDestinationsPerWindow: max, windowMs, fullWindowsToBan: toBan });
        const admitted = new Map<number, number>();
        const full = new Set<number>();
        let atMs = 0;
        for (const gap of gaps) {
          atMs += gap;
          const window = Math.floor(atMs / windowMs);
          const count = admitted.get(window) ?? 0;
          let expected: number = OK;
          if (count < max) {
            admitted.set(window, count + 1);
          } else {
            full.add(window);
            const inRow = Array.from({ length: toBan }, (_, back) => full.has(window - back));
            expected = inRow.every(Boolean) ? BAN : NO;
          }
          expect(guard.admitDestination(0, (start + atMs) | 0)).toBe(expected);
        }
      }),
    );
  });

  it('keep earning the ban however many full windows follow', () => {
    const guard = fresh(0, { maxDestinationsPerWindow: 1, windowMs: 10 });
    const verdicts = Array.from({ length: 600 }, (_, window) => ask(guard, 2, window * 10)[1]);
    expect(verdicts).toEqual([NO, NO, ...new Array<number>(598).fill(BAN)]);
  });

  it('start anew after a silence longer than half the clock', () => {
    const guard = fresh(0, { maxDestinationsPerWindow: 1, fullWindowsToBan: 2 });
    ask(guard, 2, 0);
    expect(ask(guard, 2, 0x8000_0010)).toEqual([OK, NO]);
  });

  it('are refused to a slot that does not exist', () => {
    expect(fresh().admitDestination(1, 0)).toBe(NO);
  });
});

it('a reflection guard holds windows that are open to another number of destinations', () => {
  const guard = new ReflectionGuard(1, { maxDestinationsPerWindow: 2, fullWindowsToBan: 3 });
  guard.reset(0, 0);
  expect(ask(guard, 3, 0)).toEqual([OK, OK, NO]);
  guard.setMaxDestinationsPerWindow(3);
  expect(ask(guard, 2, 0)).toEqual([OK, NO]);
  expect(() => guard.setMaxDestinationsPerWindow(0)).toThrow(SecurityError);
});

it('a reflection guard refuses options out of range when it is made', () => {
  const bad = [
    { maxDestinationsPerWindow: 0 },
    { windowMs: 0 },
    { windowMs: 0x7fff_ffff },
    { fullWindowsToBan: 0 },
    { fullWindowsToBan: 256 },
  ];
  for (const options of bad) expect(() => new ReflectionGuard(1, options)).toThrow(SecurityError);
});
