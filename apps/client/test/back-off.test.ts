import { describe, expect, it } from 'vitest';
import { BackOff } from '../src/tunnel/back-off.ts';

/** Ends a session so many milliseconds after it was established; gives the pause. */
function pauseAfter(backOff: BackOff, lastedMs: number): number {
  backOff.established(0);
  return backOff.ended(lastedMs);
}

describe('asking for a new session', () => {
  it('takes longer each time, up to 15 s', () => {
    const backOff = new BackOff();
    const pauses = Array.from({ length: 7 }, () => pauseAfter(backOff, 1_000));
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  });

  it('starts over after a session that lasted 30 s', () => {
    const backOff = new BackOff();
    expect([1_000, 1_000, 30_000, 1_000].map((lastedMs) => pauseAfter(backOff, lastedMs))).toEqual([500, 1_000, 500, 1_000]);
  });

  it('is due once, when the pause is over, also where the clock wraps', () => {
    const backOff = new BackOff();
    const ended = 0x7fff_ffff - 100;
    backOff.established(ended);
    backOff.ended(ended);
    expect(backOff.msUntilDue(ended, 250)).toBe(250);
    expect(backOff.isDue((ended + 499) | 0)).toBe(false);
    expect(backOff.msUntilDue((ended + 499) | 0, 250)).toBe(1);
    expect(backOff.isDue((ended + 500) | 0)).toBe(true);
    expect(backOff.isDue((ended + 501) | 0)).toBe(false);
  });

  it('does not happen after a cancel', () => {
    const backOff = new BackOff();
    backOff.ended(0);
    backOff.cancel();
    expect(backOff.isDue(60_000)).toBe(false);
    expect(backOff.msUntilDue(60_000, 250)).toBe(250);
  });
});
