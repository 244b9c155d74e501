import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decode, encode } from '@lightspeed/control';
import { framed } from './vectors.ts';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What a Register says its client version is when these are the version's bytes; undefined when they are no UTF-8. */
function decoded(bytes: readonly number[]): string | undefined {
  const message = decode(framed([3, 0, bytes.length, ...bytes]), 'standard');
  if (message.type === 'register' && message.dialect === 'standard') return message.clientVersion;
  // An assertion costs a thousand times what the comparison does.
  if (message.type !== 'refused' || message.code !== 'invalid_utf8') expect(message).toEqual({ type: 'refused', code: 'invalid_utf8' });
  return undefined;
}

function oracle(bytes: readonly number[]): string | undefined {
  try {
    return strict.decode(Uint8Array.from(bytes));
  } catch {
    return undefined;
  }
}

/** Compares on many sequences; names the first that differs. */
function expectLikeOracle(sequences: Iterable<readonly number[]>): void {
  for (const bytes of sequences) {
    const wanted = oracle(bytes);
    if (decoded(bytes) !== wanted) expect({ bytes, text: decoded(bytes) }).toEqual({ bytes, text: wanted });
  }
}

const range = (low: number, high: number): number[] => Array.from({ length: high - low + 1 }, (_, at) => low + at);
// The bytes at which what may continue a sequence begins and ends, and one that never may.
const EDGES = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];

// Code points of one, two, three (on either side of the surrogates) and four bytes, in equal shares.
const codePoint = fc.oneof(
  fc.integer({ min: 0, max: 0x7f }),
  fc.integer({ min: 0x80, max: 0x7ff }),
  fc.integer({ min: 0x800, max: 0xd7ff }),
  fc.integer({ min: 0xe000, max: 0xffff }),
  fc.integer({ min: 0x1_0000, max: 0x10_ffff }),
);
const anyText = fc.array(codePoint, { minLength: 1, maxLength: 60 }).map((points) => String.fromCodePoint(...points));

// The oracle says no by throwing, a hundred thousand times: without stack traces that is ten times as fast.
const stackTraceLimit = Error.stackTraceLimit;
beforeAll(() => {
  Error.stackTraceLimit = 0;
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

describe('a text is accepted exactly when Node accepts it as UTF-8, and reads the same', () => {
  test('for every sequence of one and of two bytes', () => {
    expectLikeOracle(range(0, 255).map((byte) => [byte]));
    expectLikeOracle(range(0, 255).flatMap((first) => range(0, 255).map((second) => [first, second])));
  });

  test('for three and four bytes at the edges of every range', () => {
    const leads = range(0xe0, 0xff);
    expectLikeOracle(leads.flatMap((lead) => EDGES.flatMap((second) => EDGES.map((third) => [lead, second, third]))));
    const tails = EDGES.flatMap((third) => EDGES.map((fourth) => [third, fourth]));
    expectLikeOracle(leads.flatMap((lead) => EDGES.flatMap((second) => tails.map((tail) => [lead, second, ...tail]))));
  });

  test('for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 255 }), (bytes) => {
        expectLikeOracle([[...bytes]]);
      }),
      { numRuns: 500 },
    );
  });

  test('for valid text with one byte changed, cut off or put in', () => {
    fc.assert(
      fc.property(anyText, fc.nat(), fc.nat(255), (text, where, byte) => {
        const bytes = [...new TextEncoder().encode(text)];
        const at = where % bytes.length;
        expectLikeOracle([bytes, bytes.with(at, byte), bytes.toSpliced(at, 0, byte), bytes.slice(0, at + 1)]);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a text is encoded', () => {
  test('as Node encodes it, every plane included', () => {
    fc.assert(
      fc.property(anyText, (clientVersion) => {
        const frame = encode({ type: 'register', dialect: 'standard', gameId: 0, clientVersion }, 'standard');
        expect(frame.subarray(5)).toEqual(new TextEncoder().encode(clientVersion));
      }),
      { numRuns: 1000 },
    );
  });

  test.each(['\ud800', '\udfff', 'a\ud83d', '\ude00\ud83d', '\ud83dx'])('but not with half a surrogate pair: %j', (clientVersion) => {
    expect(() => encode({ type: 'register', dialect: 'standard', gameId: 0, clientVersion }, 'standard')).toThrow(
      expect.objectContaining({ name: 'ControlError', code: 'ERR_CONTROL_TEXT_INVALID' }),
    );
  });

  test('a byte order mark is kept', () => {
    expect(decoded([0xef, 0xbb, 0xbf, 0x31])).toBe('\ufeff1');
  });
});
