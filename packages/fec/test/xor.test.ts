import fc from 'fast-check';
import { expect, it } from 'vitest';
import { xorInto } from '@lightspeed/fec';

function byteLoop(target: Uint8Array, targetOffset: number, source: Uint8Array, sourceOffset: number, length: number): Uint8Array {
  const result = target.slice();
  for (let i = 0; i < length; i++) result[targetOffset + i] ^= source[sourceOffset + i];
  return result;
}

function check(target: Uint8Array, targetOffset: number, source: Uint8Array, sourceOffset: number, length: number): void {
  const expected = byteLoop(target, targetOffset, source, sourceOffset, length);
  const sourceBefore = source.slice();
  xorInto(new DataView(target.buffer), targetOffset, new DataView(source.buffer), sourceOffset, length);
  expect(target).toEqual(expected);
  expect(source).toEqual(sourceBefore);
}

it('at every alignment and every short length', () => {
  for (let targetOffset = 0; targetOffset < 8; targetOffset++) {
    for (let sourceOffset = 0; sourceOffset < 8; sourceOffset++) {
      for (let length = 0; length <= 40; length++) {
        const target = Uint8Array.from({ length: 56 }, (_, i) => i * 37);
        const source = Uint8Array.from({ length: 56 }, (_, i) => i * 101 + 255);
        check(target, targetOffset, source, sourceOffset, length);
      }
    }
  }
});

it('with any bytes and lengths', () => {
  const bytes = fc.uint8Array({ minLength: 1500, maxLength: 1500 });
  const at = fc.nat(20);
  fc.assert(
    fc.property(bytes, at, bytes, at, fc.nat(1480), (target, targetOffset, source, sourceOffset, length) => {
      check(target, targetOffset, source, sourceOffset, length);
    }),
  );
});

it('between two places of the same bytes', () => {
  const bytes = Uint8Array.from({ length: 100 }, (_, i) => i * 7);
  const expected = byteLoop(bytes, 3, bytes, 50, 45);
  const view = new DataView(bytes.buffer);
  xorInto(view, 3, view, 50, 45);
  expect(bytes).toEqual(expected);
});
