import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, encode, FrameReader } from '@lightspeed/control';
import type { ControlMessage, Refusal } from '@lightspeed/control';
import { concat, framed, messages, refused } from './vectors.ts';

const inDialect = (wanted: string) => messages.filter(({ dialect }) => dialect === wanted);

/** Everything that a reader gives until it wants more or refuses. */
function drain(reader: FrameReader): (ControlMessage | Refusal)[] {
  const results: (ControlMessage | Refusal)[] = [];
  for (let result = reader.next(); result !== 'more'; result = reader.next()) {
    results.push(result);
    if (result.type === 'refused') break;
  }
  return results;
}

describe('a frame', () => {
  test.each(messages)('of $name ($dialect) is read from every split in two', ({ frame, message, dialect }) => {
    for (let cut = 0; cut <= frame.length; cut += 1) {
      const reader = new FrameReader(dialect);
      reader.push(frame.subarray(0, cut));
      const first = drain(reader);
      expect(first).toHaveLength(cut === frame.length ? 1 : 0);
      reader.push(frame.subarray(cut));
      expect([...first, ...drain(reader)]).toEqual([message]);
      expect(reader.bufferedBytes).toBe(0);
      expect(reader.end()).toBeUndefined();
    }
  });

  test.each(messages)('of $name ($dialect) cut short anywhere is incomplete', ({ frame, dialect }) => {
    for (let length = 0; length < frame.length; length += 1) {
      const cut = frame.subarray(0, length);
      expect(decode(cut, dialect)).toEqual({ type: 'refused', code: 'frame_incomplete' });
      const reader = new FrameReader(dialect);
      reader.push(cut);
      expect(reader.next()).toBe('more');
      expect(reader.end()).toEqual(length === 0 ? undefined : { type: 'refused', code: 'frame_incomplete' });
    }
  });

  test.each(messages)('of $name ($dialect) with a shorter length is refused within its fixed fields', ({ frame, message, dialect }) => {
    const fixedBytes = encode({ ...message, ...('extensions' in message ? { extensions: [] } : {}) }, dialect).length;
    for (let length = 3; length < frame.length; length += 1) {
      const result = decode(framed(frame.subarray(2, length)), dialect);
      if (length < fixedBytes) {
        // Two bytes are a whole Register of the other dialect.
        if (message.type === 'register' && length === 5) expect(result).toMatchObject({ type: 'register', dialect: 'reference' });
        else expect(result).toEqual({ type: 'refused', code: 'body_too_short' });
      } else if (result.type === 'refused') {
        expect(result.code).toBe('extension_cut_short');
      } else {
        // Cut between two extensions, it is the same message with fewer of them.
        expect(encode(result as ControlMessage, dialect)).toHaveLength(length);
      }
    }
  });
});

describe('a stream of all messages', () => {
  test.each(['standard', 'reference'] as const)('is the same in %s whole and byte by byte', (dialect) => {
    const bytes = concat(inDialect(dialect).map(({ frame }) => frame));
    const expected = inDialect(dialect).map(({ message }) => message);
    const whole = new FrameReader(dialect);
    whole.push(bytes);
    expect(drain(whole)).toEqual(expected);

    const single = new FrameReader(dialect);
    const results: (ControlMessage | Refusal)[] = [];
    for (let at = 0; at < bytes.length; at += 1) {
      single.push(bytes.subarray(at, at + 1));
      results.push(...drain(single));
    }
    expect(results).toEqual(expected);

    const undrained = new FrameReader(dialect);
    for (let at = 0; at < bytes.length; at += 1) undrained.push(bytes.subarray(at, at + 1));
    expect(drain(undrained)).toEqual(expected);
  });

  test('is the same in any pieces, read at any time, from a buffer that is used again', () => {
    const frames = inDialect('standard');
    fc.assert(
      fc.property(
        fc.array(fc.nat(frames.length - 1), { maxLength: 40 }),
        fc.array(fc.record({ size: fc.integer({ min: 0, max: 60 }), read: fc.boolean() }), { minLength: 1, maxLength: 30 }),
        (order, pieces) => {
          const chosen = order.flatMap((at) => frames[at] ?? []);
          const bytes = concat(chosen.map(({ frame }) => frame));
          const reader = new FrameReader('standard');
          const results: (ControlMessage | Refusal)[] = [];
          const buffer = new Uint8Array(61);
          let at = 0;
          for (let turn = 0; at < bytes.length; turn += 1) {
            const { size = 1, read = true } = pieces[turn % pieces.length] ?? {};
            // One more than asked for, so that a row of zeros comes to an end.
            const piece = bytes.subarray(at, at + size + 1);
            buffer.set(piece);
            reader.push(buffer.subarray(0, piece.length));
            buffer.fill(0xee);
            at += piece.length;
            if (read) results.push(...drain(reader));
          }
          results.push(...drain(reader));
          expect(results).toEqual(chosen.map(({ message }) => message));
        },
      ),
    );
  });
});

describe('a refusal', () => {
  const complete = refused.filter(({ code }) => code !== 'frame_incomplete' && code !== 'frame_trailing_bytes');

  test.each(complete)('for $name ($dialect) comes after the messages before it, and is all that comes from then on', (vector) => {
    const reader = new FrameReader(vector.dialect);
    const good = framed([1, 0, 0, 0, 0, 0, 0, 3, 0xe7]);
    const refusal = { type: 'refused', code: vector.code };
    for (const byte of concat([good, vector.frame])) reader.push(Uint8Array.of(byte));
    expect(drain(reader)).toEqual([{ type: 'ping', timestampUs: 999n, extensions: [] }, refusal]);
    reader.push(good);
    expect(reader.next()).toEqual(refusal);
    expect(reader.end()).toEqual(refusal);
    expect(reader.bufferedBytes).toBe(0);
  });

  test.each(['00 00', '10 01', 'FF FF'])('for the length %s comes as soon as the length is there', (hex) => {
    const reader = new FrameReader();
    reader.push(Uint8Array.from(hex.split(' '), (byte) => Number.parseInt(byte, 16)));
    expect(reader.next()).toMatchObject({ type: 'refused' });
  });
});
