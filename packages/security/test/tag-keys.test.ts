import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_PROOF_NONCE, PROOF_SECRET_BYTES, tagKeys } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { readTagKey } from '@lightspeed/wire';
import { fromHex, toHex } from './hex.ts';
import tagKeyVectors from './vectors/tag-keys.json' with { type: 'json' };

const SECRET = fromHex('000102030405060708090a0b0c0d0e0f');
const secrets = fc.uint8Array({ minLength: PROOF_SECRET_BYTES, maxLength: PROOF_SECRET_BYTES });
const sessionIds = fc.integer({ min: 0, max: 0xffff_ffff });
const nonces = fc.bigInt({ min: 0n, max: MAX_PROOF_NONCE });

describe('the keys of packet tags', () => {
  for (const { name, secret, sessionId, openingNonce, up, down } of tagKeyVectors.vectors) {
    it(`are these bytes: ${name}`, () => {
      const keys = { up: readTagKey(fromHex(up)), down: readTagKey(fromHex(down)) };
      expect(tagKeys(fromHex(secret), sessionId, BigInt(openingNonce), hmacSha256)).toEqual(keys);
    });
  }

  it('differ between directions, sessions, openings and secrets', () => {
    fc.assert(
      fc.property(secrets, sessionIds, nonces, (secret, sessionId, nonce) => {
        const all = [
          tagKeys(secret, sessionId, nonce, hmacSha256),
          tagKeys(secret, sessionId === 0 ? 1 : sessionId - 1, nonce, hmacSha256),
          tagKeys(secret, sessionId, nonce === 0n ? 1n : nonce - 1n, hmacSha256),
          tagKeys(secret.with(0, secret[0] ^ 1), sessionId, nonce, hmacSha256),
        ];
        const texts = all.flatMap(({ up, down }) => [`${up.word0},${up.word1}`, `${down.word0},${down.word1}`]);
        expect(new Set(texts).size).toBe(texts.length);
      }),
    );
  });

  it('come from the label, the session id and the nonce as they are sent', () => {
    const messages: string[] = [];
    tagKeys(SECRET, 0x01020304, 5n, (key, data) => {
      messages.push(toHex(data));
      return hmacSha256(key, data);
    });
    const opening = '010203040000000000000005';
    expect(messages).toEqual([`6c7374702d7461672d7570${opening}`, `6c7374702d7461672d646f776e${opening}`]);
  });

  it('are not made from what is no secret, id or nonce', () => {
    const range = expect.objectContaining({ code: 'ERR_SECURITY_OPTION_RANGE' });
    for (const length of [0, 15, 17]) expect(() => tagKeys(new Uint8Array(length), 1, 1n, hmacSha256)).toThrow(range);
    for (const id of [-1, 2 ** 32, 0.5]) expect(() => tagKeys(SECRET, id, 1n, hmacSha256)).toThrow(range);
    for (const nonce of [-1n, MAX_PROOF_NONCE + 1n]) expect(() => tagKeys(SECRET, 1, nonce, hmacSha256)).toThrow(range);
    expect(() => tagKeys(SECRET, 1, 1n, () => new Uint8Array(8))).toThrow(
      expect.objectContaining({ code: 'ERR_SECURITY_PRIMITIVE_OUTPUT' }),
    );
  });
});
