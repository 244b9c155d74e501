import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FEC_BLOCK_CONTENT_BYTES, FecDecoder, FecEncoder } from '@lightspeed/fec';
import type { FecMemory } from '@lightspeed/fec';
import { makeTwins, sameBytes, takeBoth } from './memory-twins.ts';
import { payloads } from './support.ts';

const contentBytes = fc.integer({ min: 0, max: FEC_BLOCK_CONTENT_BYTES });

it('which kernel a memory has can be asked', () => {
  const { simd, plain } = makeTwins();
  expect([simd.kernel, plain.kernel]).toEqual(['simd', 'plain']);
});

describe('folding bytes into a block', () => {
  it('of every short length, over every short length, at every alignment', () => {
    const twins = makeTwins();
    const block = takeBoth(twins);
    for (let alignment = 0; alignment < 16; alignment++) {
      for (let filled = 0; filled <= 40; filled++) {
        for (let length = 0; length <= 40; length++) {
          const used = [twins.simd, twins.plain].map((memory) => memory.fold(block, filled, memory.view, 256 + alignment, length));
          expect(used).toEqual([Math.max(filled, length), Math.max(filled, length)]);
        }
      }
      expect(sameBytes(twins)).toBe(true);
    }
  });

  it('of any length, from anywhere', () => {
    const twins = makeTwins();
    const block = takeBoth(twins);
    fc.assert(
      fc.property(contentBytes, contentBytes, fc.nat(2_000), (filled, length, offset) => {
        for (const memory of [twins.simd, twins.plain]) memory.fold(block, filled, memory.view, offset, length);
        expect(sameBytes(twins)).toBe(true);
      }),
    );
  });

  it('changes those bytes that it should, and no others', () => {
    fc.assert(
      fc.property(contentBytes, contentBytes, fc.nat(2_000), (filled, length, offset) => {
        const { simd } = makeTwins();
        const block = simd.take();
        const expected = simd.bytes.slice();
        for (let i = 0; i < length; i++) {
          expected[block + i] = (i < filled ? expected[block + i] : 0) ^ expected[offset + i];
        }
        simd.fold(block, filled, simd.view, offset, length);
        expect(Buffer.compare(simd.bytes, expected)).toBe(0);
      }),
    );
  });

  it('from an array outside of it as from the memory itself, with a free block or without one', () => {
    fc.assert(
      fc.property(fc.boolean(), contentBytes, contentBytes, fc.nat(2_000), (isFull, filled, length, offset) => {
        const twins = makeTwins();
        const block = takeBoth(twins);
        const outside = twins.simd.bytes.slice(offset, offset + length);
        const { simd, plain } = twins;
        while (isFull && simd.available > 0) takeBoth(twins);
        const available = simd.available;
        simd.fold(block, filled, new DataView(outside.buffer), 0, length);
        plain.fold(block, filled, plain.view, offset, length);
        const ofBlock = (memory: FecMemory) => memory.bytes.subarray(block, block + FEC_BLOCK_CONTENT_BYTES);
        expect(Buffer.compare(ofBlock(simd), ofBlock(plain))).toBe(0);
        expect(simd.available).toBe(available);
      }),
    );
  });
});

describe('whether bytes are all zero', () => {
  it('for every short length, at every alignment, with each byte in turn not zero', () => {
    const { simd, plain } = makeTwins();
    for (const memory of [simd, plain]) {
      for (let offset = 64; offset < 80; offset++) {
        for (let length = 0; length <= 40; length++) {
          memory.bytes.fill(0xff, 0, 200).fill(0, offset, offset + length);
          expect(memory.isAllZero(offset, length)).toBe(true);
          for (let odd = offset; odd < offset + length; odd++) {
            memory.bytes[odd] = 0x80;
            expect(memory.isAllZero(offset, length)).toBe(false);
            memory.bytes[odd] = 0;
          }
        }
      }
    }
  });

  it('for any range', () => {
    const { simd, plain } = makeTwins();
    fc.assert(
      fc.property(fc.nat(5_000), contentBytes, fc.nat(7_000), (offset, length, odd) => {
        for (const memory of [simd, plain]) {
          memory.bytes.fill(0);
          memory.bytes[odd] = 1;
          expect(memory.isAllZero(offset, length)).toBe(odd < offset || odd >= offset + length);
        }
      }),
    );
  });
});

it('an encoder and a decoder do the same over both, byte for byte', () => {
  const packet = fc.record({ payload: payloads, isLost: fc.boolean() });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(packet, { minLength: 1, maxLength: 12 }), (size, packets) => {
      const twins = makeTwins();
      const logs = [twins.simd, twins.plain].map((memory) => {
        const log: unknown[] = [];
        const encoder = new FecEncoder(size, { memory });
        const decoder = new FecDecoder({ memory });
        const note = (result: number) => {
          const { recoveredOffset, recoveredLength, recoveredIndex } = decoder;
          log.push([result, recoveredOffset, recoveredLength, recoveredIndex]);
          if (log.length > 0 && decoder.packetsRecovered > recovered) memory.release(recoveredOffset);
          recovered = decoder.packetsRecovered;
        };
        let recovered = 0;
        for (const { payload, isLost } of packets) {
          memory.bytes.set(payload, 33);
          encoder.begin();
          const { groupId, index } = encoder;
          const added = encoder.add(33, payload.length);
          log.push(added);
          if (!isLost) note(decoder.data(groupId, index, size, 0, 33, payload.length, 0));
          if (added !== 1) continue;
          note(decoder.parity(groupId, size, 0, encoder.parityOffset, encoder.parityLength, 0));
          memory.release(encoder.parityOffset);
        }
        return [...log, encoder.stats(), decoder.stats()];
      });
      expect(logs[0]).toEqual(logs[1]);
      expect(sameBytes(twins)).toBe(true);
    }),
    { numRuns: 200 },
  );
});
