import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, encode, FrameReader } from '@lightspeed/control';
import { concat, framed, messages } from './vectors.ts';

const unknownType = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 7, max: 255 }).filter((type) => type < 0x40 || type > 0x43),
);

describe('a message of an unknown type', () => {
  test('is decoded as unknown, with a copy of its body', () => {
    fc.assert(
      fc.property(unknownType, fc.uint8Array({ maxLength: 4095 }), (typeCode, body) => {
        const frame = framed([typeCode, ...body]);
        const result = decode(frame, 'detect');
        frame.fill(0xee);
        expect(result).toEqual({ type: 'unknown', typeCode, body });
      }),
    );
  });

  test('is skipped by a reader and counted, wherever it stands', () => {
    const known = messages.filter(({ dialect }) => dialect === 'standard');
    fc.assert(
      fc.property(fc.array(fc.tuple(unknownType, fc.uint8Array({ maxLength: 50 })), { minLength: 1, maxLength: 10 }), (unknown) => {
        const foreign = concat(unknown.map(([type, body]) => framed([type, ...body])));
        const reader = new FrameReader('standard');
        for (const { frame } of known) reader.push(concat([foreign, frame]));
        reader.push(foreign);
        for (const { message } of known) expect(reader.next()).toEqual(message);
        expect(reader.next()).toBe('more');
        expect(reader.skipped).toBe(unknown.length * (known.length + 1));
        expect(reader.end()).toBeUndefined();
      }),
    );
  });
});

describe('an extension of an unknown id', () => {
  test('is kept beside the others, in order, repetitions too', () => {
    const extensions = [
      { id: 0, value: Uint8Array.of(1) },
      { id: 0x41, value: Uint8Array.of(0x6f, 0x6b) },
      { id: 0xff, value: new Uint8Array(0) },
      { id: 0, value: Uint8Array.of(2) },
    ];
    const frame = encode({ type: 'disconnect', reason: 'normal', extensions }, 'standard');
    expect(decode(frame, 'standard')).toEqual({ type: 'disconnect', reason: 'normal', extensions });
  });
});

describe('in dialect reference', () => {
  test('bytes after the fixed fields are ignored', () => {
    const tail = [0x41, 0x00, 0xff];
    for (const { frame, message, dialect } of messages) {
      // A Register is told by its length alone.
      if (dialect !== 'reference' || message.type === 'register') continue;
      expect(decode(framed([...frame.subarray(2), ...tail]), 'reference')).toEqual(message);
    }
  });

  test('a message that only standard has is unknown, and cannot be sent', () => {
    const frame = encode({ type: 'tags', sessionId: 42 }, 'standard');
    expect(decode(frame, 'reference')).toEqual({ type: 'unknown', typeCode: 0x40, body: Uint8Array.of(0, 0, 0, 42) });
    const report = { type: 'report', sessionId: 1, expected: 0, received: 0, late: 0, recovered: 0 } as const;
    expect(decode(encode(report, 'standard'), 'reference')).toMatchObject({ type: 'unknown', typeCode: 0x41 });
    expect(() => encode({ type: 'tags', sessionId: 42 }, 'reference')).toThrow(
      expect.objectContaining({ code: 'ERR_CONTROL_DIALECT_MISMATCH' }),
    );
  });

  test('extensions are left out of what is sent', () => {
    const extensions = [{ id: 0x40, value: new Uint8Array(16) }];
    const ack = { type: 'register_ack', sessionId: 42, token: 1, nodeId: 'a', region: 'b' } as const;
    expect(encode({ ...ack, extensions }, 'reference')).toEqual(encode(ack, 'reference'));
    expect(encode({ ...ack, extensions }, 'standard')).toHaveLength(encode(ack, 'standard').length + 19);
  });
});
