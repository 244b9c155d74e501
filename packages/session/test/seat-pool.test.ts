import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeatPool } from '@lightspeed/session';

const KEEP_MS = 100;

describe('a pool of seats', () => {
  it('gives an account the seat that it gave back last, for a while, and not as a fresh one', () => {
    const pool = new SeatPool<string>(4, KEEP_MS);
    const [a, b] = [pool.take('alice', 0), pool.take('alice', 0)];
    expect([a, b].map(({ isFresh }) => isFresh)).toEqual([true, true]);
    pool.give(a.number, 'alice', 10);
    pool.give(b.number, 'alice', 20);
    expect(pool.take('alice', 109)).toEqual({ number: b.number, isFresh: false });
    expect(pool.take('alice', 109)).toEqual({ number: a.number, isFresh: false });
  });

  it('gives nobody else a seat that is kept, and gives the one that was free for longest', () => {
    const pool = new SeatPool<string>(3, KEEP_MS);
    pool.give(pool.take('alice', 0).number, 'alice', 0);
    expect(pool.take('bob', 50)).toEqual({ number: 1, isFresh: true });
    expect(pool.take('bob', 99)).toEqual({ number: 2, isFresh: true });
    expect(pool.take('carol', 100)).toEqual({ number: 0, isFresh: true });
  });

  it('gives the one that was kept for longest when no other is left, and says when none is', () => {
    const pool = new SeatPool<string>(2, KEEP_MS);
    const seats = [pool.take('alice', 0), pool.take('bob', 0)];
    pool.give(seats[0].number, 'alice', 1);
    pool.give(seats[1].number, 'bob', 2);
    expect(pool.take('carol', 3)).toEqual({ number: seats[0].number, isFresh: true });
    expect(pool.take('bob', 3)).toEqual({ number: seats[1].number, isFresh: false });
    expect(() => pool.take('dave', 4)).toThrow('no seat is left');
  });

  it('keeps none of an account that may be made up, so that those push no kept one out', () => {
    const pool = new SeatPool<string>(3, KEEP_MS);
    pool.give(pool.take('alice', 0).number, 'alice', 0);
    for (let i = 0; i < 50; i++) pool.give(pool.take(`made up ${i}`, 1).number, `made up ${i}`, 1, false);
    expect(pool.take('alice', 2)).toEqual({ number: 0, isFresh: false });
  });

  it('never gives a seat twice, and never a fresh one within the time of its account', () => {
    const steps = fc.array(fc.record({ account: fc.nat(3), give: fc.boolean(), pauseMs: fc.nat(60) }), { maxLength: 200 });
    fc.assert(
      fc.property(steps, fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }), (list, startMs) => {
        const pool = new SeatPool<number>(50, KEEP_MS);
        const held = new Map<number, number>();
        const left = new Map<number, { readonly account: number; readonly atMs: number }>();
        let nowMs = startMs;
        for (const { account, give, pauseMs } of list) {
          nowMs = (nowMs + pauseMs) | 0;
          const own = [...held].find(([, holder]) => holder === account);
          if (give && own !== undefined) {
            held.delete(own[0]);
            left.set(own[0], { account, atMs: nowMs });
            pool.give(own[0], account, nowMs);
          } else if (held.size < 50) {
            const { number, isFresh } = pool.take(account, nowMs);
            expect(held.has(number)).toBe(false);
            const before = left.get(number);
            const isKept = before !== undefined && ((nowMs - before.atMs) | 0) < KEEP_MS;
            if (isKept) expect([before.account, isFresh]).toEqual([account, false]);
            else expect(isFresh).toBe(true);
            held.set(number, account);
            left.delete(number);
          }
        }
      }),
    );
  });
});
