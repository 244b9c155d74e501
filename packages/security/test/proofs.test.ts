import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_PROOF_NONCE,
  PROOF_BYTES,
  PROOF_PACKET_BYTES,
  PROOF_SECRET_BYTES,
  encodeProof,
  readProof,
  verifyProof,
} from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { FLAG_HANDSHAKE, HEADER_BYTES, VERSION_PLAIN, writeHeader } from '@lightspeed/wire';
import { fromHex, toHex } from './hex.ts';
import vectors from './vectors/proofs.json' with { type: 'json' };

const SECRET = fromHex('000102030405060708090a0b0c0d0e0f');
const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const nonces = fc.bigInt({ min: 0n, max: MAX_PROOF_NONCE });
const secrets = fc.uint8Array({ minLength: PROOF_SECRET_BYTES, maxLength: PROOF_SECRET_BYTES });

function handshake(offset = 0, token = 0xab, sequence = 0, timestampUs = 1_000_000): Uint8Array {
  const bytes = new Uint8Array(offset + PROOF_PACKET_BYTES + 3);
  writeHeader(bytes, offset, VERSION_PLAIN, FLAG_HANDSHAKE, token, sequence, timestampUs, 0, 0, 0, 0);
  return bytes;
}

describe('a proof', () => {
  for (const { name, secret, header, sessionId, nonce, packet } of vectors.valid) {
    it(`is these bytes: ${name}`, () => {
      const bytes = new Uint8Array(PROOF_PACKET_BYTES);
      bytes.set(fromHex(header));
      expect(encodeProof(bytes, 0, sessionId, BigInt(nonce), fromHex(secret), hmacSha256)).toBe(48);
      expect(toHex(bytes)).toBe(packet);
      expect(readProof(bytes, 0, bytes.length)).toEqual({ sessionId, nonce: BigInt(nonce), challenge: 0n });
      expect(verifyProof(bytes, 0, fromHex(secret), hmacSha256)).toBe(true);
    });
  }

  for (const { name, packet } of vectors.notProofs) {
    it(`is not found in a packet with or of ${name}`, () => {
      expect(readProof(fromHex(packet), 0, packet.length / 2)).toBeUndefined();
    });
  }

  it('is read and found true wherever the packet stands and whatever it says, and nothing around it is written', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 70 }),
        u8,
        u16,
        u32,
        u32,
        nonces,
        secrets,
        (offset, token, sequence, timestampUs, sessionId, nonce, secret) => {
          const bytes = handshake(offset, token, sequence, timestampUs);
          const before = bytes.slice();
          encodeProof(bytes, offset, sessionId, nonce, secret, hmacSha256);
          expect(readProof(bytes, offset, PROOF_PACKET_BYTES)).toEqual({ sessionId, nonce, challenge: 0n });
          expect(verifyProof(bytes, offset, secret, hmacSha256)).toBe(true);
          expect(bytes.subarray(0, offset + HEADER_BYTES)).toEqual(before.subarray(0, offset + HEADER_BYTES));
          expect(bytes.subarray(offset + PROOF_PACKET_BYTES)).toEqual(before.subarray(offset + PROOF_PACKET_BYTES));
        },
      ),
    );
  });

  it('is not found true after any one bit of header, session id, nonce or tag was changed', () => {
    const bytes = handshake();
    encodeProof(bytes, 0, 7, 1n, SECRET, hmacSha256);
    for (let at = 0; at < PROOF_PACKET_BYTES; at++) {
      for (let bit = 0; bit < 8; bit++) {
        bytes[at] ^= 1 << bit;
        expect(verifyProof(bytes, 0, SECRET, hmacSha256), `bit ${bit} of byte ${at}`).toBe(false);
        bytes[at] ^= 1 << bit;
      }
    }
    expect(verifyProof(bytes, 0, SECRET, hmacSha256)).toBe(true);
  });

  it("is not found true with another session's secret", () => {
    const bytes = handshake();
    encodeProof(bytes, 0, 7, 1n, SECRET, hmacSha256);
    fc.assert(
      fc.property(secrets, (secret) => {
        fc.pre(toHex(secret) !== toHex(SECRET));
        expect(verifyProof(bytes, 0, secret, hmacSha256)).toBe(false);
      }),
    );
  });

  it('is found at no other length', () => {
    const bytes = handshake();
    encodeProof(bytes, 0, 7, 1n, SECRET, hmacSha256);
    for (let length = 0; length <= bytes.length; length++) {
      expect(readProof(bytes, 0, length) !== undefined, `${length} bytes`).toBe(length === HEADER_BYTES + PROOF_BYTES);
    }
    expect(readProof(bytes.subarray(0, PROOF_PACKET_BYTES - 1), 0, PROOF_PACKET_BYTES)).toBeUndefined();
  });

  it('is never found true in bytes of a stranger, and reading them never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat({ max: 60 }), (bytes, offset) => {
        const proof = readProof(bytes, offset, bytes.length - offset);
        if (proof !== undefined) expect(verifyProof(bytes, offset, SECRET, hmacSha256)).toBe(false);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: PROOF_BYTES, maxLength: PROOF_BYTES }), (payload) => {
        const bytes = handshake();
        bytes.set(payload, HEADER_BYTES);
        expect(readProof(bytes, 0, PROOF_PACKET_BYTES)).toBeDefined();
        expect(verifyProof(bytes, 0, SECRET, hmacSha256)).toBe(false);
      }),
    );
  });
});

describe('misuse of proofs', () => {
  it('is an error that says what is allowed', () => {
    const bytes = handshake();
    const range = expect.objectContaining({ code: 'ERR_SECURITY_OPTION_RANGE' });
    for (const nonce of [-1n, MAX_PROOF_NONCE + 1n]) expect(() => encodeProof(bytes, 0, 1, nonce, SECRET, hmacSha256)).toThrow(range);
    for (const id of [-1, 2 ** 32, 0.5]) expect(() => encodeProof(bytes, 0, id, 1n, SECRET, hmacSha256)).toThrow(range);
    for (const offset of [-1, 4]) expect(() => encodeProof(bytes, offset, 1, 1n, SECRET, hmacSha256)).toThrow(range);
    for (const secret of [new Uint8Array(0), new Uint8Array(15), new Uint8Array(32)]) {
      expect(() => encodeProof(bytes, 0, 1, 1n, secret, hmacSha256)).toThrow(range);
      expect(() => verifyProof(bytes, 0, secret, hmacSha256)).toThrow(range);
    }
  });

  it('with an HMAC that is too short does not let zeros through', () => {
    const bytes = handshake();
    for (const length of [0, 15, 16, 20, 64]) {
      expect(() => verifyProof(bytes, 0, SECRET, () => new Uint8Array(length))).toThrow(
        expect.objectContaining({ code: 'ERR_SECURITY_PRIMITIVE_OUTPUT' }),
      );
    }
  });
});
