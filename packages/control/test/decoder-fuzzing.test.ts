import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, encode, FrameReader, MAX_FRAME_BYTES } from '@lightspeed/control';
import { concat, framed } from './vectors.ts';

const anyDialect = fc.constantFrom('standard' as const, 'reference' as const, 'detect' as const);
// Types that exist, with bodies long enough to hold something: random bytes alone hardly ever get past the type.
const likelyFrame = fc
  .tuple(fc.oneof(fc.integer({ min: 0, max: 8 }), fc.constant(0x40)), fc.uint8Array({ maxLength: 80 }))
  .map(([type, body]) => framed([type, ...body]));

// Garbage counts as used until it is collected.
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
function usedArrayBytes(): number {
  // The first collection finds the buffers, the second waits until they are freed.
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

describe('decode', () => {
  test('gives a result for any bytes, and a message means what it says', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 5000 }), likelyFrame), anyDialect, (bytes, dialect) => {
        const result = decode(bytes, dialect);
        if (result.type === 'refused' || result.type === 'unknown') return;
        const own = 'dialect' in result ? result.dialect : dialect === 'reference' ? 'reference' : 'standard';
        const again = encode(result, own);
        // Dialect reference ignores what follows its fixed fields; otherwise nothing is lost.
        if (own === 'standard') expect(again).toEqual(bytes);
        else expect(again.subarray(2)).toEqual(bytes.subarray(2, again.length));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('FrameReader', () => {
  test('survives any stream and never holds more than a frame', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.uint8Array({ maxLength: 300 }), likelyFrame), { maxLength: 30 }), anyDialect, (pieces, dialect) => {
        const reader = new FrameReader(dialect);
        for (const piece of pieces) {
          reader.push(piece);
          let result = reader.next();
          while (result !== 'more' && result.type !== 'refused') result = reader.next();
          expect(reader.bufferedBytes).toBeLessThan(MAX_FRAME_BYTES);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('takes memory for what was sent, not for what a length claims', () => {
    const before = usedArrayBytes();
    const readers = Array.from({ length: 10_000 }, () => {
      const reader = new FrameReader();
      reader.push(Uint8Array.of(0x10, 0x00, 0x03));
      return reader;
    });
    expect(readers.every((reader) => reader.next() === 'more')).toBe(true);
    expect(usedArrayBytes() - before).toBeLessThan(1_000_000);
    // Used after the measurement, so that they are not garbage during it.
    expect(readers.every((reader) => reader.bufferedBytes === 3)).toBe(true);
  });

  test('gives back the memory of a large push once it is read', () => {
    const ping = framed([1, 0, 0, 0, 0, 0, 0, 0, 1]);
    const manyAndAByte = concat([...new Array<Uint8Array>(1000).fill(ping), Uint8Array.of(0)]);
    const before = usedArrayBytes();
    const readers = Array.from({ length: 300 }, () => {
      const reader = new FrameReader();
      reader.push(manyAndAByte);
      return reader;
    });
    expect(usedArrayBytes() - before).toBeGreaterThan(300 * manyAndAByte.length);
    for (const reader of readers) {
      let count = 0;
      while (reader.next() !== 'more') count += 1;
      expect(count).toBe(1000);
    }
    expect(usedArrayBytes() - before).toBeLessThan(300_000);
    expect(readers.every((reader) => reader.bufferedBytes === 1)).toBe(true);
  });

  test('reads the largest message there may be', () => {
    const value = new Uint8Array(4096 - 1 - 1 - 3).fill(7);
    const frame = encode({ type: 'disconnect', reason: 'normal', extensions: [{ id: 200, value }] }, 'standard');
    expect(frame).toHaveLength(MAX_FRAME_BYTES);
    const reader = new FrameReader('standard');
    for (const byte of frame) {
      expect(reader.next()).toBe('more');
      reader.push(Uint8Array.of(byte));
    }
    expect(reader.next()).toEqual({ type: 'disconnect', reason: 'normal', extensions: [{ id: 200, value }] });
  });
});
