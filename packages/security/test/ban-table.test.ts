import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BanTable, SecurityError } from '@lightspeed/security';
import { int32Stream } from './random.ts';

const HOUR_MS = 3_600_000;

describe('a ban', () => {
  it('lasts an hour by default, to the millisecond, across the wrap of the clock', () => {
    for (const start of [0, 0x7fff_ffff - 10, -0x8000_0000]) {
      const bans = new BanTable({ hashSeed: 1 });
      bans.ban(0, 0x0a0b_0c0d, start);
      expect(bans.isBanned(0, 0x0a0b_0c0d, start)).toBe(true);
      expect(bans.isBanned(0, 0x0a0b_0c0d, (start + HOUR_MS - 1) | 0)).toBe(true);
      expect(bans.isBanned(0, 0x0a0b_0c0d, (start + HOUR_MS) | 0)).toBe(false);
      expect(bans.isBanned(0, 0x0a0b_0c0e, start)).toBe(false);
    }
  });

  it('is lifted by unban, which says whether there was one', () => {
    const bans = new BanTable({ hashSeed: 1 });
    bans.ban(0, 7, 0);
    expect([bans.unban(0, 7), bans.unban(0, 7), bans.isBanned(0, 7, 1), bans.size]).toEqual([true, false, false, 0]);
  });

  it('is prolonged by another one, never shortened', () => {
    const bans = new BanTable({ hashSeed: 1 });
    bans.ban(0, 7, 0, 1_000);
    bans.ban(0, 7, 500, 1_000);
    bans.ban(0, 7, 600, 10);
    expect([bans.isBanned(0, 7, 1_499), bans.isBanned(0, 7, 1_500), bans.size]).toEqual([true, false, 1]);
  });

  it('of an address in signed form holds for its unsigned form, and the other way round', () => {
    const bans = new BanTable({ hashSeed: -9 });
    bans.ban(0, 0xfedc_ba98, 0);
    bans.ban(0, 0xcb00_7101 | 0, 0);
    expect([bans.isBanned(0, 0xfedc_ba98 | 0, 1), bans.isBanned(0, 0xcb00_7101, 1)]).toEqual([true, true]);
  });
});

const step = fc.record({
  what: fc.constantFrom('ban', 'ban', 'unban', 'pass', 'sweep'),
  who: fc.nat({ max: 15 }),
  durationMs: fc.integer({ min: 1, max: 200 }),
  passMs: fc.integer({ min: 0, max: 150 }),
});

describe('the ban table', () => {
  it('agrees with a map while there is room, for any prefixes, seed and clock', () => {
    const ips = fc.uniqueArray(fc.tuple(fc.constantFrom(0, 0x2001_0db8, -1), fc.integer()), {
      minLength: 16,
      maxLength: 16,
      selector: String,
    });
    fc.assert(
      fc.property(ips, fc.integer(), fc.integer(), fc.array(step, { maxLength: 60 }), (ips, hashSeed, start, steps) => {
        const bans = new BanTable({ capacity: 64, hashSeed });
        const endsAt = new Map<readonly [number, number], number>();
        let atMs = 0;
        for (const { what, who, durationMs, passMs } of steps) {
          const ip = ips[who];
          const now = (start + atMs) | 0;
          if (what === 'ban') {
            bans.ban(...ip, now, durationMs);
            endsAt.set(ip, Math.max(endsAt.get(ip) ?? 0, atMs + durationMs));
          } else if (what === 'unban') {
            expect(bans.unban(...ip)).toBe(endsAt.delete(ip));
          } else if (what === 'pass') {
            atMs += passMs;
          } else {
            bans.sweep(now);
            for (const [banned, end] of endsAt) if (end <= atMs) endsAt.delete(banned);
          }
          expect(bans.size).toBe(endsAt.size);
          for (const each of ips) expect(bans.isBanned(...each, (start + atMs) | 0)).toBe((endsAt.get(each) ?? 0) > atMs);
        }
      }),
    );
  });

  it('when full lets the ban give way that ends soonest, ended ones first', () => {
    fc.assert(
      // All 16 cells of the smallest table are neighbours of every address.
      fc.property(fc.integer(), fc.shuffledSubarray([...Array(40).keys()], { minLength: 40, maxLength: 40 }), (hashSeed, durations) => {
        const bans = new BanTable({ capacity: 16, hashSeed });
        const endsAt = new Map<number, number>();
        durations.forEach((duration, who) => {
          const now = who * 2;
          const end = now + 1 + duration * 100 + who;
          if (endsAt.size === 16) {
            const [soonest] = [...endsAt].sort((a, b) => a[1] - b[1])[0];
            endsAt.delete(soonest);
          }
          bans.ban(0, who, now, end - now);
          endsAt.set(who, end);
          expect(bans.size).toBe(endsAt.size);
          for (let each = 0; each <= who; each++) expect(bans.isBanned(0, each, now)).toBe((endsAt.get(each) ?? 0) > now);
        });
      }),
    );
  });

  it('holds every one of as many bans as two thirds of its capacity', () => {
    for (let hashSeed = 0; hashSeed < 20; hashSeed++) {
      const bans = new BanTable({ hashSeed });
      const nextIp = int32Stream(hashSeed);
      const banned = [...new Set(Array.from({ length: 10_666 }, nextIp)), ...Array(256).keys()];
      for (const ip of banned) bans.ban(0, ip, 0);
      expect(banned.filter((ip) => !bans.isBanned(0, ip, 1))).toEqual([]);
    }
  });

  it('stays within its capacity under a million random sources, and always takes the newest', () => {
    const bans = new BanTable({ capacity: 1_024, hashSeed: 99 });
    const nextIp = int32Stream(3);
    for (let i = 0; i < 20_000; i++) bans.ban(0, nextIp(), 0);
    const heapBefore = process.memoryUsage().heapUsed;
    let missed = 0;
    for (let i = 0; i < 1_000_000; i++) {
      const ip = nextIp();
      bans.ban(0, ip, i);
      if (!bans.isBanned(0, ip, i)) missed += 1;
    }
    expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(16_000_000);
    expect([missed, bans.size]).toEqual([0, 1_024]);
    bans.sweep(1_000_000 + HOUR_MS);
    expect(bans.size).toBe(0);
  });

  it('refuses options out of range', () => {
    for (const options of [{ capacity: 8 }, { capacity: 17 }, { durationMs: 0 }, { durationMs: 2 ** 31 }]) {
      expect(() => new BanTable({ hashSeed: 0, ...options })).toThrow(SecurityError);
    }
    expect(() => new BanTable({ hashSeed: 0 }).ban(0, 1, 0, 0)).toThrow('durationMs must be a whole number from 1 to 2147483647, got 0');
  });
});
