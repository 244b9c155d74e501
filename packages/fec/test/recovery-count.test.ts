import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { RecoveryCount } from '../src/recovery-count.ts';

describe('the count of recoveries', () => {
  it('has those settled of which nothing can be taken back any more', () => {
    const count = new RecoveryCount();
    count.turn(0);
    count.note();
    expect([count.all, count.settled]).toEqual([1, 0]);
    count.turn(500);
    expect([count.all, count.settled]).toEqual([1, 0]);
    count.turn(1_000);
    expect([count.all, count.settled]).toEqual([1, 1]);
  });

  it('takes back within 500 ms, and not later', () => {
    const count = new RecoveryCount();
    count.note();
    count.note();
    expect([count.takeBack(0, 499), count.takeBack(0, 500)]).toEqual([true, false]);
    expect(count.all).toBe(1);
  });

  it('settles all when nothing comes any more', () => {
    const count = new RecoveryCount();
    count.note();
    count.settle();
    expect(count.settled).toBe(1);
  });

  it('never goes down where it is settled, and is right in the end, also across the wrap of the clock', () => {
    const late = fc.record({ gapMs: fc.nat(300), afterMs: fc.option(fc.nat(700)) });
    fc.assert(
      fc.property(fc.array(late, { maxLength: 60 }), fc.constantFrom(0, 0x7fff_ff00), (packets, startMs) => {
        const count = new RecoveryCount();
        let lost = 0;
        let atMs = 0;
        const events: { ms: number; recoveredMs: number | undefined }[] = [];
        for (const { gapMs, afterMs } of packets) {
          atMs += gapMs;
          events.push({ ms: atMs, recoveredMs: undefined });
          if (afterMs === null || afterMs >= 500) lost++;
          if (afterMs !== null) events.push({ ms: atMs + afterMs, recoveredMs: atMs });
        }
        let seen = 0;
        const look = () => {
          expect(count.settled).toBeGreaterThanOrEqual(seen);
          seen = count.settled;
        };
        let turnedMs = 0;
        for (const { ms, recoveredMs } of events.toSorted((a, b) => a.ms - b.ms)) {
          for (; turnedMs <= ms; turnedMs += 250) {
            count.turn((startMs + turnedMs) | 0);
            look();
          }
          if (recoveredMs === undefined) count.note();
          else count.takeBack((startMs + recoveredMs) | 0, (startMs + ms) | 0);
          look();
        }
        for (let i = 0; i < 6; i++, turnedMs += 250) count.turn((startMs + turnedMs) | 0);
        expect([count.all, count.settled]).toEqual([lost, lost]);
      }),
    );
  });
});
