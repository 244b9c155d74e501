import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SecurityError, TokenTable } from '@lightspeed/security';
import { fractionStream } from './random.ts';

const NAT = 0xcb00_7105;

describe('two clients behind one NAT', () => {
  it('hold distinct tokens, and each is found by its own', () => {
    const table = new TokenTable({ capacity: 10 });
    const always = (): number => 0.5;
    const first = table.issue(1, 0, NAT, always);
    const second = table.issue(2, 0, NAT, always);
    expect(first).not.toBe(second);
    expect([table.match(0, NAT, first), table.match(0, NAT, second)]).toEqual([1, 2]);
  });

  it('do not disturb each other by binding, unbinding and leaving', () => {
    const table = new TokenTable({ capacity: 10 });
    const random = fractionStream(1);
    const first = table.issue(1, 0, NAT, random);
    const second = table.issue(2, 0, NAT, random);
    expect(table.bind(1)).toBe(true);
    expect([table.match(0, NAT, first), table.match(0, NAT, second)]).toEqual([-1, 2]);
    expect(table.unbind(1)).toBe(true);
    expect([table.match(0, NAT, first), table.match(0, NAT, second)]).toEqual([1, 2]);
    expect(table.release(1)).toBe(true);
    expect([table.match(0, NAT, first), table.match(0, NAT, second), table.size]).toEqual([-1, 2, 1]);
  });
});

describe('a token', () => {
  it('is found only under the address that it was issued to', () => {
    const table = new TokenTable({ capacity: 10 });
    const token = table.issue(0xffff_ffff, 0, NAT, () => 0);
    expect(token).toBe(1);
    expect([table.match(0, NAT + 1, token), table.match(0, NAT, 2), table.match(0, NAT, 0)]).toEqual([-1, -1, -1]);
    expect([table.match(0, NAT, token), table.match(0, NAT | 0, token)]).toEqual([0xffff_ffff, 0xffff_ffff]);
  });

  it('is free at one address whatever other addresses hold', () => {
    const table = new TokenTable({ capacity: 50 });
    const ips = Array.from({ length: 50 }, (_, i) => NAT + i);
    expect(ips.map((ip, id) => table.issue(id, 0, ip, () => 0))).toEqual(new Array<number>(50).fill(1));
    expect(ips.map((ip) => table.match(0, ip, 1))).toEqual([...ips.keys()]);
  });

  it('is refused to an address that holds as many as it may, while others still get theirs', () => {
    const table = new TokenTable({ capacity: 10, capacityPerAddress: 2 });
    const random = fractionStream(3);
    expect([1, 2].map((id) => table.issue(id, 0, NAT, random) > 0)).toEqual([true, true]);
    expect(table.issue(3, 0, NAT, random)).toBe(-1);
    expect(table.issue(3, 0, NAT + 1, random)).toBeGreaterThan(0);
    table.release(1);
    expect(table.issue(4, 0, NAT, random)).toBeGreaterThan(0);
  });

  it('may be any of 1 to 255', () => {
    const random = fractionStream(7);
    const seen = new Set<number>();
    for (let i = 0; i < 20_000; i++) {
      const table = new TokenTable({ capacity: 1 });
      seen.add(table.issue(1, 0, NAT, random));
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([...Array(255).keys()].map((i) => i + 1));
  });

  it('comes back on release, and only then', () => {
    const table = new TokenTable({ capacity: 1_000 });
    const random = fractionStream(2);
    const issued = Array.from({ length: 255 }, (_, id) => table.issue(id, 0, NAT, random));
    expect(new Set(issued).size).toBe(255);
    expect(table.issue(255, 0, NAT, random)).toBe(-1);
    expect(table.issue(256, 0, NAT + 1, random)).toBeGreaterThan(0);
    table.bind(17);
    expect(table.issue(255, 0, NAT, random)).toBe(-1);
    table.release(17);
    expect(table.issue(255, 0, NAT, random)).toBe(issued[17]);
    expect(table.match(0, NAT, issued[17])).toBe(255);
  });
});

const step = fc.record({
  what: fc.constantFrom('issue', 'issue', 'bind', 'unbind', 'release'),
  id: fc.nat({ max: 11 }),
  from: fc.nat({ max: 2 }),
});

describe('the token table', () => {
  it('agrees with a map for any sequence of calls, addresses and ids', () => {
    const ids = fc.uniqueArray(fc.integer({ min: 0, max: 0xffff_ffff }), { minLength: 12, maxLength: 12 });
    const ips = fc.uniqueArray(fc.tuple(fc.constantFrom(0, 0x2001_0db8), fc.integer()), { minLength: 3, maxLength: 3, selector: String });
    fc.assert(
      fc.property(ids, ips, fc.integer(), fc.integer(), fc.array(step, { maxLength: 80 }), (ids, ips, hashSeed, randomSeed, steps) => {
        const table = new TokenTable({ capacity: 8, capacityPerAddress: 5, hashSeed });
        const random = fractionStream(randomSeed);
        const model = new Map<number, { ip: readonly [number, number]; token: number; bound: boolean }>();
        const live = (ip: readonly [number, number]): { token: number }[] => [...model.values()].filter((held) => held.ip === ip);
        for (const step of steps) {
          const id = ids[step.id];
          const ip = ips[step.from];
          const known = model.get(id);
          if (step.what === 'issue') {
            if (known !== undefined) {
              expect(() => table.issue(id, ...ip, random)).toThrow(expect.objectContaining({ code: 'ERR_SECURITY_REGISTRATION_EXISTS' }));
              continue;
            }
            const token = table.issue(id, ...ip, random);
            if (model.size === 8 || live(ip).length === 5) {
              expect(token).toBe(-1);
              continue;
            }
            expect(token).toBeGreaterThanOrEqual(1);
            expect(token).toBeLessThanOrEqual(255);
            expect(live(ip).map((held) => held.token)).not.toContain(token);
            model.set(id, { ip, token, bound: false });
          } else if (step.what === 'release') {
            expect(table.release(id)).toBe(model.delete(id));
          } else {
            expect(table[step.what](id)).toBe(known !== undefined);
            if (known !== undefined) known.bound = step.what === 'bind';
          }
          expect(table.size).toBe(model.size);
          for (const [eachId, { ip: eachIp, token, bound }] of model) expect(table.match(...eachIp, token)).toBe(bound ? -1 : eachId);
        }
      }),
    );
  });

  it('serves registrations and releases without end', () => {
    const table = new TokenTable({ capacity: 100, capacityPerAddress: 40 });
    const random = fractionStream(4);
    for (let i = 0; i < 50_000; i++) {
      if (i >= 100) expect(table.release(i - 100)).toBe(true);
      expect(table.issue(i, 0, i % 3, random)).toBeGreaterThan(0);
    }
    expect(table.size).toBe(100);
    expect(table.issue(50_000, 0, 9, random)).toBe(-1);
  });

  it('refuses what is no registration id and what is not random', () => {
    const table = new TokenTable({ capacity: 2 });
    for (const id of [-1, 2 ** 32, 0.5]) expect(() => table.issue(id, 0, NAT, () => 0)).toThrow('registrationId must be');
    for (const fraction of [1, -0.1, Number.NaN, 12345]) {
      expect(() => table.issue(1, 0, NAT, () => fraction)).toThrow('random must return a number in [0, 1)');
    }
    expect(table.size).toBe(0);
    expect([table.bind(1), table.unbind(1), table.release(1)]).toEqual([false, false, false]);
  });

  it('refuses options out of range when it is made', () => {
    for (const options of [{ capacity: 0 }, { capacity: 1, capacityPerAddress: 256 }, { capacity: 1, capacityPerAddress: 0 }]) {
      expect(() => new TokenTable(options)).toThrow(SecurityError);
    }
  });
});
