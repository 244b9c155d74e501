import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockPool, HEADROOM_BYTES, MemoryError } from '@lightspeed/memory';

const CONTENT = 32;
const BLOCK = HEADROOM_BYTES + CONTENT;

describe('a block pool', () => {
  it('hands out each block once, the lowest first, then -1', () => {
    const pool = new BlockPool(1_000, 3 * BLOCK + 10, CONTENT);
    expect(pool.capacity).toBe(3);
    const first = 1_000 + HEADROOM_BYTES;
    expect([pool.take(), pool.take(), pool.take(), pool.take()]).toEqual([first, first + BLOCK, first + 2 * BLOCK, -1]);
    expect(pool.available).toBe(0);
  });

  it('takes back only what is taken', () => {
    const pool = new BlockPool(64, 2 * BLOCK, CONTENT);
    const block = pool.take();
    for (const wrong of [block + 1, block - 1, block + BLOCK, block - BLOCK, -1, 0, NaN, 1e12]) {
      expect(pool.release(wrong)).toBe(false);
      expect(pool.isTaken(wrong)).toBe(false);
    }
    expect(pool.isTaken(block)).toBe(true);
    expect(pool.release(block)).toBe(true);
    expect(pool.release(block)).toBe(false);
    expect(pool.available).toBe(2);
  });

  it('behaves as a set of blocks, whatever is taken and released', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1, max: 7 }), { maxLength: 100 }), (steps) => {
        const pool = new BlockPool(0, 5 * BLOCK, CONTENT);
        const taken: number[] = [];
        for (const step of steps) {
          if (step < 0 || step >= taken.length) {
            const block = pool.take();
            expect(block >= 0).toBe(taken.length < 5);
            expect(taken).not.toContain(block);
            if (block >= 0) taken.push(block);
          } else {
            expect(pool.release(taken.splice(step, 1)[0])).toBe(true);
          }
          expect(pool.available).toBe(5 - taken.length);
        }
      }),
    );
  });

  it.each([
    [-1, 100, 10],
    [0, -1, 10],
    [0, 0.5, 10],
    [0, 100, 0],
    [2 ** 31 - 1, 1, 10],
  ])('is refused from %d on with %d bytes in blocks of %d', (start, lengthBytes, contentBytes) => {
    expect(() => new BlockPool(start, lengthBytes, contentBytes)).toThrow(MemoryError);
  });

  it('may be empty', () => {
    expect(new BlockPool(0, BLOCK - 1, CONTENT).take()).toBe(-1);
  });
});
