import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnboundRateLimiter } from '@lightspeed/security';
import { int32Stream } from './random.ts';

describe('the coarse limit for addresses without a session', () => {
  it('gives one address its burst and its rate, whatever the seed, across wraps of the clock', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.integer({ min: 1, max: 500 }), fc.integer(), (ip, hashSeed, ratePps, start) => {
        const limiter = new UnboundRateLimiter({ buckets: 64, ratePps, hashSeed });
        let admitted = 0;
        // The first call may come at any reading of the clock: the bucket is full before it, too.
        for (let ms = 0; ms <= 2_000; ms++) {
          while (limiter.admit(0, ip, (start + ms) | 0)) admitted += 1;
        }
        expect(admitted).toBe(3 * ratePps);
      }),
      { numRuns: 30 },
    );
  });

  it('gives all addresses of an IPv6 /64 one bucket, and its neighbours others', () => {
    const limiter = new UnboundRateLimiter({ ratePps: 1, hashSeed: 3 });
    const prefix = [0x2001_0db8, 0x0001_0002] as const;
    expect([limiter.admit(...prefix, 0), limiter.admit(...prefix, 0)]).toEqual([true, false]);
    expect([limiter.admit(prefix[0], prefix[1] + 1, 0), limiter.admit(prefix[0] + 1, prefix[1], 0)]).toEqual([true, true]);
  });

  it('bounds all spoofed sources together, and remembers nothing about them', () => {
    const limiter = new UnboundRateLimiter({ buckets: 256, ratePps: 4, hashSeed: 77 });
    const nextIp = int32Stream(1);
    for (let i = 0; i < 20_000; i++) limiter.admit(0, nextIp(), 0);
    const heapBefore = process.memoryUsage().heapUsed;
    let admitted = 0;
    for (let i = 0; i < 1_000_000; i++) if (limiter.admit(0, nextIp(), 1 + ((i / 1_000) | 0))) admitted += 1;
    const grown = process.memoryUsage().heapUsed - heapBefore;
    expect(admitted).toBeGreaterThan(0);
    expect(admitted).toBeLessThanOrEqual(256 * (4 + 4));
    expect(grown).toBeLessThan(16_000_000);
  });

  it('leaves most addresses alone while one floods', () => {
    const limiter = new UnboundRateLimiter({ ratePps: 10, hashSeed: -5 });
    for (let i = 0; i < 10_000; i++) limiter.admit(0, 0x0102_0304, 0);
    const nextIp = int32Stream(9);
    let refused = 0;
    for (let i = 0; i < 1_000; i++) if (!limiter.admit(0, nextIp(), 0)) refused += 1;
    expect(limiter.admit(0, 0x0102_0304, 0)).toBe(false);
    expect(refused).toBeLessThan(20);
  });

  it('lets no address choose its bucket: who collides depends on the seed', () => {
    const exhausts = (hashSeed: number): number[] => {
      const limiter = new UnboundRateLimiter({ buckets: 16, ratePps: 1, hashSeed });
      limiter.admit(0, 1, 0);
      return Array.from({ length: 200 }, (_, i) => i + 2).filter((ip) => {
        const alone = new UnboundRateLimiter({ buckets: 16, ratePps: 1, hashSeed });
        alone.admit(0, 1, 0);
        return !alone.admit(0, ip, 0);
      });
    };
    expect(exhausts(1)).not.toEqual(exhausts(2));
    expect(exhausts(1).length).toBeGreaterThan(0);
  });

  it('treats the signed and the unsigned form of an address alike', () => {
    const limiter = new UnboundRateLimiter({ ratePps: 1, hashSeed: 3 });
    expect(limiter.admit(0, 0xfedc_ba98, 0)).toBe(true);
    expect(limiter.admit(0, 0xfedc_ba98 | 0, 0)).toBe(false);
  });

  it('refuses options out of range when it is made', () => {
    expect(() => new UnboundRateLimiter({ ratePps: 0, hashSeed: 1 })).toThrow('ratePps must be a whole number from 1 to 1000000, got 0');
    for (const buckets of [0, 3, 1.5, 2 ** 25]) {
      expect(() => new UnboundRateLimiter({ buckets, ratePps: 1, hashSeed: 1 })).toThrow('buckets must be a power of two');
    }
  });
});
