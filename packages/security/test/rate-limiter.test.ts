import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateLimiter, SecurityError } from '@lightspeed/security';
import { DropReason } from '@lightspeed/wire';

/** Just before the int32 clock wraps. */
const BEFORE_WRAP = 0x7fff_ffff - 300;

interface Sent {
  readonly atMs: number;
  readonly bytes: number;
}

/** The definition: no stretch of time holds more than `rate * (1 s + stretch)`, in thousandths to stay with integers. */
function exceeds(admitted: readonly Sent[], packet: Sent, rate: number, weigh: (sent: Sent) => number): boolean {
  let total = weigh(packet);
  if (total * 1_000 > rate * 1_000) return true;
  for (const earlier of [...admitted].reverse()) {
    total += weigh(earlier);
    if (total * 1_000 > rate * (1_000 + packet.atMs - earlier.atMs)) return true;
  }
  return false;
}

const gapMs = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 20 }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 2_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0x7fff_ffff }) },
);

describe("a client's rate limit", () => {
  it('admits exactly what burst and rate allow in every stretch of time, across wraps of the clock', () => {
    const steps = fc.array(fc.record({ gapMs, bytes: fc.integer({ min: 0, max: 1_500 }) }), { maxLength: 80 });
    const start = fc.oneof(fc.constant(BEFORE_WRAP), fc.integer());
    fc.assert(
      fc.property(start, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 20_000 }), steps, (start, pps, bps, steps) => {
        const limiter = new RateLimiter(1, pps, bps);
        limiter.reset(0, start);
        const admitted: Sent[] = [];
        let atMs = start;
        for (const step of steps) {
          atMs += step.gapMs;
          const packet = { atMs, bytes: step.bytes };
          let expected: number = 0;
          if (exceeds(admitted, packet, pps, () => 1)) expected = DropReason.ratePackets;
          else if (exceeds(admitted, packet, bps, (sent) => sent.bytes)) expected = DropReason.rateBytes;
          expect(limiter.admit(0, step.bytes, atMs | 0)).toBe(expected);
          if (expected === 0) admitted.push(packet);
        }
      }),
    );
  });

  it('has half as long as more than half of both buckets is there', () => {
    const limiter = new RateLimiter(1, 10, 1_000);
    limiter.reset(0, BEFORE_WRAP);
    let admitted = 0;
    while (limiter.hasHalf(0, BEFORE_WRAP)) admitted += limiter.admit(0, 10, BEFORE_WRAP) === 0 ? 1 : 0;
    expect(admitted).toBe(5);
    expect(limiter.hasHalf(0, (BEFORE_WRAP + 1) | 0)).toBe(true);
    expect(limiter.admit(0, 500, (BEFORE_WRAP + 1) | 0)).toBe(0);
    expect(limiter.hasHalf(0, (BEFORE_WRAP + 1) | 0)).toBe(false);
    expect(limiter.hasHalf(0, (BEFORE_WRAP + 2_000) | 0)).toBe(true);
  });

  it('is exact over a long run: one second of burst plus the rate, to the packet', () => {
    for (const pps of [1, 3, 7, 999, 1_000, 1_024]) {
      const limiter = new RateLimiter(1, pps, 1_000_000_000);
      limiter.reset(0, BEFORE_WRAP);
      let admitted = 0;
      for (let ms = 0; ms <= 100_000; ms++) {
        for (let i = 0; i < 2; i++) if (limiter.admit(0, 100, (BEFORE_WRAP + ms) | 0) === 0) admitted += 1;
      }
      expect(admitted).toBe(pps + Math.floor((pps * 100_000) / 1_000));
    }
  });

  it('never refuses a sender at exactly the default rates, for an hour', () => {
    const limiter = new RateLimiter(1);
    limiter.reset(0, BEFORE_WRAP);
    let refused = 0;
    for (let ms = 0; ms < 3_600_000; ms++) if (limiter.admit(0, 1_000, (BEFORE_WRAP + ms) | 0) !== 0) refused += 1;
    expect(refused).toBe(0);
  });

  it('takes nothing from either bucket for a refused packet', () => {
    const limiter = new RateLimiter(1, 10, 1_000);
    limiter.reset(0, 0);
    expect(limiter.admit(0, 900, 0)).toBe(0);
    for (let i = 0; i < 50; i++) expect(limiter.admit(0, 101, 0)).toBe(DropReason.rateBytes);
    for (let i = 0; i < 9; i++) expect(limiter.admit(0, 0, 0)).toBe(0);
    for (let i = 0; i < 50; i++) expect(limiter.admit(0, 100, 0)).toBe(DropReason.ratePackets);
    expect(limiter.admit(0, 100, 100)).toBe(0);
  });

  it('takes bytes for parity, but no packets', () => {
    const limiter = new RateLimiter(1, 10, 1_000);
    limiter.reset(0, 0);
    expect(limiter.admit(0, 700, 0, true)).toBe(0);
    for (let i = 0; i < 10; i++) expect(limiter.admit(0, 30, 0)).toBe(0);
    expect(limiter.admit(0, 0, 0)).toBe(DropReason.ratePackets);
    expect(limiter.admit(0, 0, 0, true)).toBe(DropReason.rateBytes);
  });

  it('never refuses a sender at exactly the default rate of packets with a parity packet for each', () => {
    const limiter = new RateLimiter(1);
    limiter.reset(0, BEFORE_WRAP);
    let refused = 0;
    for (let ms = 0; ms < 600_000; ms++) {
      for (const isParity of [false, true]) if (limiter.admit(0, 400, (BEFORE_WRAP + ms) | 0, isParity) !== 0) refused++;
    }
    expect(refused).toBe(0);
  });

  it('lets at most twice the rate of packets through as parity, however short it is', () => {
    for (const [pps, bps] of [
      [1_000, 1_000_000],
      [7, 999],
      [100, 100],
    ] as const) {
      const limiter = new RateLimiter(1, pps, bps);
      limiter.reset(0, BEFORE_WRAP);
      let admitted = 0;
      for (let ms = 0; ms <= 60_000; ms++) {
        for (let i = 0; i < 5; i++) if (limiter.admit(0, 1, (BEFORE_WRAP + ms) | 0, true) === 0) admitted++;
      }
      // One more than that where half a packet's bytes are no whole thousandths.
      expect(admitted).toBeLessThanOrEqual(2 * pps * 61 + 1);
    }
    const unset = new RateLimiter(1);
    expect([unset.admit(0, 1, 5, true), unset.admit(1, 1, 5, true)]).not.toContain(0);
  });

  it('of one slot is no matter of another', () => {
    const limiter = new RateLimiter(3, 1, 10_000);
    for (let slot = 0; slot < 3; slot++) limiter.reset(slot, 0);
    for (let i = 0; i < 100; i++) limiter.admit(1, 10, 0);
    expect([0, 1, 2].map((slot) => limiter.admit(slot, 10, 0))).toEqual([0, DropReason.ratePackets, 0]);
  });

  it("starts full again for the slot's next session, at that session's own rates", () => {
    const limiter = new RateLimiter(1, 1, 10_000);
    limiter.reset(0, 0);
    limiter.admit(0, 1, 0);
    limiter.reset(0, 0, 2, 300);
    expect([limiter.admit(0, 150, 0), limiter.admit(0, 151, 0), limiter.admit(0, 150, 0), limiter.admit(0, 0, 0)]).toEqual([
      0,
      DropReason.rateBytes,
      0,
      DropReason.ratePackets,
    ]);
  });

  it('admits nothing to a slot that was never reset or does not exist', () => {
    const limiter = new RateLimiter(1);
    expect(limiter.admit(0, 1, 5_000)).toBe(DropReason.ratePackets);
    expect(limiter.admit(1, 1, 5_000)).toBe(DropReason.ratePackets);
    expect(limiter.admit(-1, 1, 5_000)).toBe(DropReason.ratePackets);
  });

  it('survives a silence longer than half the clock, losing at most a second of credit', () => {
    const limiter = new RateLimiter(1, 1, 10_000);
    limiter.reset(0, 0);
    expect(limiter.admit(0, 1, 0)).toBe(0);
    const later = (0x8000_0000 + 5) | 0;
    expect(limiter.admit(0, 1, later)).toBe(DropReason.ratePackets);
    const afterwards = Array.from({ length: 10 }, (_, i) => limiter.admit(0, 1, later + (i + 1) * 100));
    expect(afterwards).toEqual([...new Array<number>(9).fill(DropReason.ratePackets), 0]);
  });

  it('gives a slot another rate, with no more credit than that rate can have saved up', () => {
    const limiter = new RateLimiter(1, 100, 1_000_000);
    limiter.reset(0, 0);
    limiter.setRate(0, 10, 1_000_000);
    const admitted = (times: number, nowMs: number) => {
      return Array.from({ length: times }, () => limiter.admit(0, 1, nowMs)).filter((refusal) => refusal === 0).length;
    };
    expect([admitted(50, 0), admitted(50, 500)]).toEqual([10, 5]);
    limiter.setRate(0, 40, 1_000_000);
    expect([admitted(50, 500), admitted(50, 1_000)]).toEqual([0, 20]);
    expect(() => limiter.setRate(0, 0, 1)).toThrow(SecurityError);
  });

  it('refuses rates of 0, fractions and nonsense when it is made', () => {
    for (const [pps, bps] of [
      [0, 1],
      [1, 0],
      [1.5, 1],
      [1, -5],
      [Number.NaN, 1],
      [1, Infinity],
      [1e13, 1],
    ] as const) {
      const make = (): RateLimiter => new RateLimiter(1, pps, bps);
      expect(make).toThrow(SecurityError);
      expect(make).toThrow(expect.objectContaining({ code: 'ERR_SECURITY_OPTION_RANGE' }));
    }
    expect(() => new RateLimiter(0)).toThrow('capacity must be a whole number from 1 to 16777216, got 0');
    expect(() => new RateLimiter(1).reset(0, 0, 0)).toThrow('ratePps');
  });
});
