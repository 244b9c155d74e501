import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ANSWERING_PROOF_PACKET_BYTES,
  MAX_PROOF_NONCE,
  PROOF_PACKET_BYTES,
  checkChallenge,
  encodeProof,
  makeChallenge,
  readProof,
  verifyProof,
} from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { FLAG_HANDSHAKE, VERSION_PLAIN, writeHeader } from '@lightspeed/wire';
import { fromHex, toHex } from './hex.ts';
import vectors from './vectors/proofs.json' with { type: 'json' };

const KEY = fromHex('00'.repeat(32));
const SECRET = fromHex('000102030405060708090a0b0c0d0e0f');
const MAPPED = fromHex('00000000000000000000ffffc0000201');

const targets = fc.record({
  sessionId: fc.integer({ min: 0, max: 0xffff_ffff }),
  address: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  port: fc.integer({ min: 1, max: 0xffff }),
});
const slots = fc.integer({ min: 1, max: 0xffff_ffff });

describe('a challenge', () => {
  for (const { name, key, sessionId, address, port, slot, challenge } of vectors.challenges) {
    it(`is these bytes: ${name}`, () => {
      const at = { sessionId, address: fromHex(address), port };
      expect(makeChallenge(fromHex(key), at, slot, hmacSha256)).toBe(BigInt(`0x${challenge}`));
      expect(checkChallenge(BigInt(`0x${challenge}`), fromHex(key), at, slot, hmacSha256)).toBe(true);
    });
  }

  it('counts in its own slot of time and in the next one', () => {
    fc.assert(
      fc.property(targets, slots, (at, slot) => {
        const challenge = makeChallenge(KEY, at, slot, hmacSha256);
        expect(challenge).not.toBe(0n);
        const counts = [slot - 1, slot, slot + 1, slot + 2].map((now) => checkChallenge(challenge, KEY, at, now, hmacSha256));
        expect(counts).toEqual([false, true, true, false]);
      }),
    );
  });

  it('counts for no other session, address, port or key', () => {
    const at = { sessionId: 7, address: MAPPED, port: 4_434 };
    const challenge = makeChallenge(KEY, at, 5, hmacSha256);
    const others = [
      { ...at, sessionId: 8 },
      { ...at, address: fromHex('00000000000000000000ffffc0000202') },
      { ...at, port: 4_435 },
    ];
    for (const other of others) expect(checkChallenge(challenge, KEY, other, 5, hmacSha256)).toBe(false);
    expect(checkChallenge(challenge, fromHex('01'.repeat(32)), at, 5, hmacSha256)).toBe(false);
    expect(checkChallenge(0n, KEY, at, 5, hmacSha256)).toBe(false);
  });
});

describe('a proof that answers a challenge', () => {
  for (const { name, secret, header, sessionId, nonce, challenge, packet } of vectors.answering) {
    it(`is these bytes: ${name}`, () => {
      const bytes = new Uint8Array(ANSWERING_PROOF_PACKET_BYTES);
      bytes.set(fromHex(header));
      const answered = BigInt(`0x${challenge}`);
      expect(encodeProof(bytes, 0, sessionId, BigInt(nonce), fromHex(secret), hmacSha256, answered)).toBe(bytes.length);
      expect(toHex(bytes)).toBe(packet);
      expect(readProof(bytes, 0, bytes.length)).toEqual({ sessionId, nonce: BigInt(nonce), challenge: answered });
      expect(verifyProof(bytes, 0, fromHex(secret), hmacSha256, bytes.length)).toBe(true);
    });
  }

  it('has 56 bytes, says which challenge it answers, and is not true once any bit of it was changed', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: MAX_PROOF_NONCE }), fc.nat({ max: ANSWERING_PROOF_PACKET_BYTES * 8 - 1 }), (challenge, bit) => {
        const bytes = new Uint8Array(ANSWERING_PROOF_PACKET_BYTES);
        writeHeader(bytes, 0, VERSION_PLAIN, FLAG_HANDSHAKE, 0xab, 0, 1, 0, 0, 0, 0);
        const length = encodeProof(bytes, 0, 9, 4n, SECRET, hmacSha256, challenge);
        expect(length).toBe(ANSWERING_PROOF_PACKET_BYTES);
        expect(readProof(bytes, 0, length)).toEqual({ sessionId: 9, nonce: 4n, challenge });
        expect(verifyProof(bytes, 0, SECRET, hmacSha256, length)).toBe(true);
        expect(verifyProof(bytes, 0, SECRET, hmacSha256, PROOF_PACKET_BYTES)).toBe(false);
        bytes[bit >> 3] ^= 1 << (bit & 7);
        expect(verifyProof(bytes, 0, SECRET, hmacSha256, length)).toBe(false);
      }),
    );
  });
});
