import { describe, expect, it } from 'vitest';
import { Reopening } from '../src/tunnel/reopening.ts';

/** Ends a session so many milliseconds after it was established; gives the pause. */
function pauseAfter(reopening: Reopening, lastedMs: number): number {
  reopening.established(0);
  return reopening.ended(lastedMs);
}

describe('asking for a new session', () => {
  it('takes longer each time, up to 15 s', () => {
    const reopening = new Reopening();
    const pauses = Array.from({ length: 7 }, () => pauseAfter(reopening, 1_000));
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  });

  it('starts over after a session that lasted 30 s', () => {
    const reopening = new Reopening();
    expect([1_000, 1_000, 30_000, 1_000].map((lastedMs) => pauseAfter(reopening, lastedMs))).toEqual([500, 1_000, 500, 1_000]);
  });

  it('is due once, when the pause is over, also where the clock wraps', () => {
    const reopening = new Reopening();
    const ended = 0x7fff_ffff - 100;
    reopening.established(ended);
    reopening.ended(ended);
    expect(reopening.msUntilDue(ended, 250)).toBe(250);
    expect(reopening.isDue((ended + 499) | 0)).toBe(false);
    expect(reopening.msUntilDue((ended + 499) | 0, 250)).toBe(1);
    expect(reopening.isDue((ended + 500) | 0)).toBe(true);
    expect(reopening.isDue((ended + 501) | 0)).toBe(false);
  });

  it('does not happen after a cancel', () => {
    const reopening = new Reopening();
    reopening.ended(0);
    reopening.cancel();
    expect(reopening.isDue(60_000)).toBe(false);
    expect(reopening.msUntilDue(60_000, 250)).toBe(250);
  });
});
