import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SigningKey, hmacSha256, sha256, verifyEd25519 } from '@lightspeed/security/node';
import { fromHex, toHex } from './hex.ts';
import vectors from './vectors/tickets.json' with { type: 'json' };

const KEY = SigningKey.fromPem(vectors.privateKeyPem);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('over node:crypto', () => {
  it('HMAC-SHA-256 is that of RFC 4231, test case 2', () => {
    const hmac = hmacSha256(utf8('Jefe'), utf8('what do ya want for nothing?'));
    expect(toHex(hmac)).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
    expect(hmac.constructor).toBe(Uint8Array);
  });

  it('SHA-256 is that of FIPS 180', () => {
    expect(toHex(sha256(utf8('abc')))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(sha256(utf8('abc')).constructor).toBe(Uint8Array);
  });

  it('Ed25519 is that of RFC 8032, 7.1, test 2', () => {
    const signature = KEY.sign(Uint8Array.of(0x72));
    expect(toHex(signature)).toBe(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    );
    expect(verifyEd25519(fromHex(vectors.publicKey), Uint8Array.of(0x72), signature)).toBe(true);
    expect(verifyEd25519(fromHex(vectors.publicKey), Uint8Array.of(0x73), signature)).toBe(false);
  });

  it('a signature is refused, never an exception, whatever the bytes of key and signature are', () => {
    const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
      fc.oneof(
        fc.uint8Array({ minLength: length, maxLength: length }),
        fc.uint8Array({ maxLength: 100 }),
        fc.constant(new Uint8Array(length)),
      );
    const message = utf8('a message');
    fc.assert(
      fc.property(bytes(32), bytes(64), (publicKey, signature) => {
        // Zeros are a point of small order, under which a signature of zeros may count: an operator's mistake, no peer's.
        fc.pre(publicKey.some((byte) => byte !== 0));
        expect(verifyEd25519(publicKey, message, signature)).toBe(false);
        expect(verifyEd25519(KEY.publicKey, message, signature)).toBe(false);
      }),
    );
  });
});

describe('a signing key', () => {
  it('comes back from its PEM', () => {
    const key = SigningKey.generate();
    const again = SigningKey.fromPem(key.toPem());
    expect(toHex(again.publicKey)).toBe(toHex(key.publicKey));
    expect(toHex(again.sign(utf8('x')))).toBe(toHex(key.sign(utf8('x'))));
    expect(KEY.toPem()).toBe(vectors.privateKeyPem);
  });

  it('is another one each time', () => {
    expect(toHex(SigningKey.generate().publicKey)).not.toBe(toHex(SigningKey.generate().publicKey));
  });

  it('shows its private part to nobody who prints it', () => {
    const { sign, publicKey } = KEY;
    expect(Object.keys(KEY).sort()).toEqual(['publicKey', 'sign']);
    expect(verifyEd25519(publicKey, utf8('x'), sign(utf8('x')))).toBe(true);
  });

  it('is not read from other texts and other kinds of keys, and the error does not repeat them', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const encrypted = generateKeyPairSync('ed25519')
      .privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'secret' })
      .toString();
    const cut = vectors.privateKeyPem.slice(0, 60);
    for (const pem of ['', 'my private words', rsa, encrypted, cut]) {
      try {
        SigningKey.fromPem(pem);
        throw new Error('taken');
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_SECURITY_SIGNING_KEY' });
        if (pem !== '') expect(String(error)).not.toContain(pem.slice(30, 60) || pem);
      }
    }
  });
});
