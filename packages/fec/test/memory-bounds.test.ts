import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FEC_BLOCK_BYTES, FEC_BLOCK_CONTENT_BYTES, FecDecoder, FecError } from '@lightspeed/fec';
import { HEADROOM_BYTES } from '@lightspeed/memory';
import { BLOCKS_START, makeTwins, outcomeOf, sameBytes, takeBoth } from './memory-twins.ts';

const PAGE_BYTES = 65_536;
const block = BLOCKS_START + HEADROOM_BYTES;

/** Numbers that an argument should not be, and numbers next to the borders of what it may be. */
const anyNumber = fc.oneof(
  fc.integer({ min: -10, max: PAGE_BYTES + 10 }),
  fc.integer({ min: block - 1_500, max: block + 1_500 }),
  fc.constantFrom(-1, 0.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 53, -(2 ** 31)),
  fc.constantFrom(0, block, block + FEC_BLOCK_BYTES, FEC_BLOCK_CONTENT_BYTES, FEC_BLOCK_CONTENT_BYTES + 1, PAGE_BYTES),
);

it('whatever the arguments, both kernels refuse the same with the same words, and what is refused changes nothing', () => {
  const twins = makeTwins();
  takeBoth(twins);
  fc.assert(
    fc.property(fc.oneof(fc.constant(block), anyNumber), anyNumber, anyNumber, anyNumber, (target, filled, offset, length) => {
      const before = twins.simd.bytes.slice();
      const [simd, plain] = [twins.simd, twins.plain].map((memory) =>
        outcomeOf(() => memory.fold(target, filled, memory.view, offset, length)),
      );
      expect(simd).toEqual(plain);
      expect(sameBytes(twins)).toBe(true);
      const { bytes } = twins.simd;
      const content = typeof simd === 'number' ? FEC_BLOCK_CONTENT_BYTES : 0;
      expect(Buffer.compare(bytes.subarray(0, block), before.subarray(0, block))).toBe(0);
      expect(Buffer.compare(bytes.subarray(block + content), before.subarray(block + content))).toBe(0);
    }),
    { numRuns: 2_000 },
  );
});

it('whatever range is looked at for zeros, both kernels refuse the same with the same words', () => {
  const { simd, plain } = makeTwins();
  fc.assert(
    fc.property(anyNumber, anyNumber, (offset, length) => {
      const outcomes = [simd, plain].map((memory) => outcomeOf(() => memory.isAllZero(offset, length)));
      expect(outcomes[0]).toEqual(outcomes[1]);
    }),
    { numRuns: 500 },
  );
});

describe.each(['simd', 'plain'] as const)('with the %s kernel', (kernel) => {
  const refused = [
    { what: 'a block that is not taken', code: 'ERR_FEC_MEMORY_BLOCK', arguments: [block + FEC_BLOCK_BYTES, 0, 0, 1] },
    { what: 'an offset within a block', code: 'ERR_FEC_MEMORY_BLOCK', arguments: [block + 1, 0, 0, 1] },
    { what: 'more bytes in use than a block has', code: 'ERR_FEC_MEMORY_RANGE', arguments: [block, FEC_BLOCK_CONTENT_BYTES + 1, 0, 1] },
    { what: 'more bytes than a block has', code: 'ERR_FEC_MEMORY_RANGE', arguments: [block, 0, 0, FEC_BLOCK_CONTENT_BYTES + 1] },
    { what: 'bytes before the start', code: 'ERR_FEC_MEMORY_RANGE', arguments: [block, 0, -1, 10] },
    { what: 'bytes past the end', code: 'ERR_FEC_MEMORY_RANGE', arguments: [block, 0, PAGE_BYTES - 9, 10] },
    { what: 'bytes that overlap the block from below', code: 'ERR_FEC_MEMORY_RANGE', arguments: [block, 0, block - 9, 10] },
    { what: 'bytes that overlap the block from above', code: 'ERR_FEC_MEMORY_RANGE', arguments: [block, 0, block + 9, 10] },
  ] as const;

  it.each(refused)('$what: refused with $code', ({ code, arguments: [target, filled, offset, length] }) => {
    const twins = makeTwins();
    takeBoth(twins);
    const memory = twins[kernel];
    const misuse = () => memory.fold(target, filled, memory.view, offset, length);
    expect(misuse).toThrow(expect.objectContaining({ name: 'FecError', code }));
    expect(misuse).toThrow(FecError);
  });

  it('bytes right before and right behind the block are not refused', () => {
    const twins = makeTwins();
    takeBoth(twins);
    const memory = twins[kernel];
    expect(memory.fold(block, 0, memory.view, block - 10, 10)).toBe(10);
    expect(memory.fold(block, 10, memory.view, block + 10, 10)).toBe(10);
    expect(memory.fold(block, 10, memory.view, PAGE_BYTES - 10, 10)).toBe(10);
  });

  it('a packet that is refused for its range leaves its group as it was', () => {
    const memory = makeTwins()[kernel];
    const decoder = new FecDecoder({ memory });
    memory.bytes.set([1, 2, 3, 4], 0);
    decoder.data(7, 0, 3, 0, 0, 2, 0);
    expect(() => decoder.data(7, 1, 3, 0, PAGE_BYTES - 1, 2, 0)).toThrow(RangeError);
    expect(() => decoder.parity(7, 3, 0, PAGE_BYTES - 1, 4, 0)).toThrow(RangeError);
    decoder.data(7, 1, 3, 0, 2, 2, 0);
    memory.bytes.set([1 ^ 3 ^ 5, 2 ^ 4 ^ 6, 0, 2], 100);
    decoder.parity(7, 3, 0, 100, 4, 0);
    const { recoveredOffset, recoveredLength } = decoder;
    expect([...memory.bytes.subarray(recoveredOffset, recoveredOffset + recoveredLength)]).toEqual([5, 6]);
  });
});
