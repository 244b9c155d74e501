import { describe, expect, test } from 'vitest';
import { decode, encode, FrameReader } from '@lightspeed/control';
import { concat, framed } from './vectors.ts';

const STANDARD_REGISTER = encode({ type: 'register', dialect: 'standard', gameId: 2, clientVersion: '1' }, 'standard');
const REFERENCE_REGISTER = encode({ type: 'register', dialect: 'reference', protocolVersion: 1, gameId: 2 }, 'reference');
const DISCONNECT_2 = framed([5, 2]);

describe('a Register', () => {
  test.each(['standard', 'reference', 'detect'] as const)('says its dialect by its length when read as %s', (dialect) => {
    expect(decode(STANDARD_REGISTER, dialect)).toMatchObject({ type: 'register', dialect: 'standard', clientVersion: '1' });
    expect(decode(REFERENCE_REGISTER, dialect)).toEqual({ type: 'register', dialect: 'reference', protocolVersion: 1, gameId: 2 });
  });

  test('makes a reader that detects read what follows in its dialect', () => {
    for (const [register, dialect, reason] of [
      [STANDARD_REGISTER, 'standard', 'auth_failed'],
      [REFERENCE_REGISTER, 'reference', 'server_shutdown'],
    ] as const) {
      const reader = new FrameReader();
      reader.push(concat([register, DISCONNECT_2]));
      expect(reader.dialect).toBe('detect');
      expect(reader.next()).toMatchObject({ type: 'register', dialect });
      expect(reader.dialect).toBe(dialect);
      expect(reader.next()).toMatchObject({ type: 'disconnect', reason });
    }
  });

  test('changes nothing for a reader that was told its dialect', () => {
    const reader = new FrameReader('standard');
    reader.push(concat([REFERENCE_REGISTER, DISCONNECT_2]));
    expect(reader.next()).toMatchObject({ type: 'register', dialect: 'reference' });
    expect(reader.next()).toMatchObject({ type: 'disconnect', reason: 'auth_failed' });
  });
});

describe('a dialect set between two messages', () => {
  test('counts from the next message on', () => {
    const reader = new FrameReader('reference');
    reader.push(concat([DISCONNECT_2, DISCONNECT_2]));
    expect(reader.next()).toMatchObject({ reason: 'server_shutdown' });
    reader.dialect = 'standard';
    expect(reader.next()).toMatchObject({ reason: 'auth_failed' });
  });
});

describe('before a Register', () => {
  test('messages are read as standard', () => {
    expect(decode(DISCONNECT_2, 'detect')).toMatchObject({ reason: 'auth_failed' });
    expect(decode(framed([5, 2, 0x41, 0, 0]), 'detect')).toMatchObject({ extensions: [{ id: 0x41 }] });
  });
});
