import { describe, expect, it } from 'vitest';
import { BackOff, LONGEST_SILENCE_PAUSE_MS } from '../src/tunnel/back-off.ts';

/** Ends a session so many milliseconds after it was established; gives the pause. */
function pauseAfter(backOff: BackOff, lastedMs: number): number {
  backOff.established(0);
  return backOff.ended(lastedMs);
}

/** Without chance. */
const backOffWith = (random = 0) => new BackOff(() => random);

describe('asking for a new session', () => {
  it('takes longer each time, up to 5 min', () => {
    const backOff = backOffWith();
    const pauses = Array.from({ length: 12 }, () => pauseAfter(backOff, 1_000));
    expect(pauses.slice(0, 6)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000]);
    expect(pauses.slice(-2)).toEqual([300_000, 300_000]);
  });

  it('starts over after a session that lasted 30 s', () => {
    const backOff = backOffWith();
    expect([1_000, 1_000, 30_000, 1_000].map((lastedMs) => pauseAfter(backOff, lastedMs))).toEqual([500, 1_000, 500, 1_000]);
  });

  it('starts over once only: refusals after that session are not sessions that lasted', () => {
    const backOff = backOffWith();
    backOff.established(0);
    const pauses = Array.from({ length: 5 }, (_, refusal) => backOff.ended(40_000 + refusal));
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000]);
  });

  it('takes 15 s at most where nobody answers', () => {
    const backOff = backOffWith();
    const pauses = Array.from({ length: 8 }, () => backOff.ended(0, LONGEST_SILENCE_PAUSE_MS));
    expect(pauses.slice(4)).toEqual([8_000, 15_000, 15_000, 15_000]);
  });

  it('takes between half of the pause and all of it', () => {
    const pauses = [0, 0.5, 0.999].map((random) => pauseAfter(backOffWith(random), 1_000));
    expect(pauses).toEqual([500, 375, 251]);
  });

  it('is due once, when the pause is over, also where the clock wraps', () => {
    const backOff = backOffWith();
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
    const backOff = backOffWith();
    backOff.ended(0);
    backOff.cancel();
    expect(backOff.isDue(60_000)).toBe(false);
    expect(backOff.msUntilDue(60_000, 250)).toBe(250);
  });
});
