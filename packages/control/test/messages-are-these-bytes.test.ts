import { describe, expect, test } from 'vitest';
import { decode, encode } from '@lightspeed/control';
import { messages, refused, toHex } from './vectors.ts';

describe('the golden vectors', () => {
  test.each(messages)('$name ($dialect) encodes to its bytes', ({ message, dialect, frame }) => {
    expect(toHex(encode(message, dialect))).toBe(toHex(frame));
  });

  test.each(messages)('$name ($dialect) decodes from its bytes', ({ message, dialect, frame }) => {
    expect(decode(frame, dialect)).toEqual(message);
  });

  test.each(refused)('$name ($dialect) is refused: $code', ({ frame, dialect, code }) => {
    expect(decode(frame, dialect)).toEqual({ type: 'refused', code });
  });
});

describe('decode', () => {
  test('gives copies, so that the frame may be overwritten', () => {
    for (const { message, dialect, frame } of messages) {
      const bytes = frame.slice();
      const decoded = decode(bytes, dialect);
      bytes.fill(0xee);
      expect(decoded).toEqual(message);
    }
  });

  test('reads a frame that lies anywhere in its buffer', () => {
    for (const { message, dialect, frame } of messages) {
      const buffer = new Uint8Array(frame.length + 20).fill(0xee);
      buffer.set(frame, 7);
      expect(decode(buffer.subarray(7, 7 + frame.length), dialect)).toEqual(message);
    }
  });
});
