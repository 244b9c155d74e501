import { createHash, X509Certificate } from 'node:crypto';
import { QuicError, reasonOf } from './transport/quic-error.ts';

/** A pin has this many bytes. */
export const PIN_BYTES = 32;

const PREFIX = 'sha256//';
const BASE64 = /^[A-Za-z0-9+/]{43}=?$/;
const HEX = /^[0-9a-f]{64}$/i;

/**
 * The pin of a certificate: SHA-256 of its public key (the DER of SubjectPublicKeyInfo). It stays the same when the
 * certificate is renewed with the same key.
 *
 * @param certificate PEM (its first certificate counts) or DER
 * @returns 32 bytes
 * @throws {QuicError} `ERR_QUIC_IDENTITY` when it is no certificate
 */
export function pinOf(certificate: string | Uint8Array): Uint8Array {
  try {
    const { publicKey } = new X509Certificate(certificate);
    return new Uint8Array(
      createHash('sha256')
        .update(publicKey.export({ type: 'spki', format: 'der' }))
        .digest(),
    );
  } catch (thrown) {
    throw new QuicError('ERR_QUIC_IDENTITY', `no certificate to take a pin of: ${reasonOf(thrown)}`, { cause: thrown });
  }
}

/** `sha256//` and the 32 bytes in base64, as `curl --pinnedpubkey` takes it. */
export function formatPin(pin: Uint8Array): string {
  return PREFIX + Buffer.from(pin).toString('base64');
}

/**
 * Reads a pin: base64 with or without `sha256//`, or 64 hexadecimal digits with or without colons.
 *
 * @throws {QuicError} `ERR_QUIC_OPTION`
 */
export function parsePin(text: string): Uint8Array {
  const bare = text.trim().replace(/^sha256\/\//, '');
  const digits = bare.replaceAll(':', '');
  if (HEX.test(digits)) return Uint8Array.from(Buffer.from(digits, 'hex'));
  if (BASE64.test(bare)) {
    const pin = Uint8Array.from(Buffer.from(bare, 'base64'));
    if (pin.length === PIN_BYTES) return pin;
  }
  throw new QuicError(
    'ERR_QUIC_OPTION',
    `a pin is ${PREFIX} and 32 bytes in base64, or 64 hexadecimal digits; got ${JSON.stringify(text)}`,
  );
}

/** Whether two hashes of certificates are equal. */
export function samePin(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
