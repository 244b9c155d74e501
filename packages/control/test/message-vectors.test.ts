import { describe, expect, test } from 'vitest';
import { decode, encode, MessageType } from '@lightspeed/control';
import { messages, refused, toHex } from './vectors.ts';

const TYPES = ['ping', 'pong', 'register', 'register_ack', 'disconnect', 'server_info'] as const;

describe('the golden vectors', () => {
  // Truncation at each length and splits at each byte are tested with them too (frame-reader.test.ts).
  test.each(TYPES)('hold %s in both dialects, and with extensions where it can have them', (type) => {
    const ofType = messages.filter(({ message }) => message.type === type);
    expect(new Set(ofType.map(({ dialect }) => dialect))).toEqual(new Set(['standard', 'reference']));
    expect(ofType.some(({ message }) => 'extensions' in message && message.extensions.length > 0)).toBe(true);
  });

  test('hold the messages that only standard has', () => {
    for (const type of ['tags', 'report'] as const) {
      const ofType = messages.filter(({ message }) => message.type === type);
      expect(ofType.map(({ dialect }) => dialect)).toEqual(['standard', 'standard']);
      expect(refused.some(({ frame }) => frame[2] === MessageType[type])).toBe(true);
    }
  });

  test.each(messages)('$name ($dialect) encodes to its bytes', ({ message, dialect, frame }) => {
    expect(toHex(encode(message, dialect))).toBe(toHex(frame));
  });

  test.each(messages)('$name ($dialect) decodes from its bytes', ({ message, dialect, frame }) => {
    expect(decode(frame, dialect)).toEqual(message);
  });

  test.each(TYPES)('hold refusals of %s in both dialects', (type) => {
    const code = TYPES.indexOf(type) + 1;
    const ofType = refused.filter(({ frame }) => frame[2] === code);
    expect(new Set(ofType.map(({ dialect }) => dialect))).toEqual(new Set(['standard', 'reference']));
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
