import type { Sha256 } from '../crypto-primitives.ts';
import { SecurityError } from '../security-error.ts';
import { decodeBase64Url, encodeBase64Url } from './base64url.ts';
import { formatHex } from './hex.ts';

/** Bytes of an Ed25519 public key. */
export const ISSUER_KEY_BYTES = 32;

const PREFIX = 'lsi1_';
const KEY_ID_BYTES = 8;
const SHA256_BYTES = 32;

/** The short name of an issuer that its tickets carry: the first 8 bytes of SHA-256 of its public key, 16 hexadecimal digits. */
export function issuerKeyId(publicKey: Uint8Array, sha256: Sha256): string {
  requireKeyLength(publicKey);
  const digest = sha256(publicKey);
  if (digest.length !== SHA256_BYTES) {
    throw new SecurityError('ERR_SECURITY_PRIMITIVE_OUTPUT', `SHA-256 must give 32 bytes, got ${digest.length}`);
  }
  return formatHex(digest.subarray(0, KEY_ID_BYTES));
}

/** An issuer's public key as nodes are configured with it: `lsi1_` and base64url without padding, 48 characters. */
export function formatIssuerKey(publicKey: Uint8Array): string {
  requireKeyLength(publicKey);
  return PREFIX + encodeBase64Url(publicKey);
}

/**
 * Reads {@link formatIssuerKey}'s text; white space around it is ignored.
 *
 * @returns the public key, 32 bytes.
 * @throws {SecurityError} `ERR_SECURITY_ISSUER_KEY`
 */
export function parseIssuerKey(text: string): Uint8Array {
  const trimmed = text.trim();
  const key = trimmed.startsWith(PREFIX) ? decodeBase64Url(trimmed.slice(PREFIX.length)) : undefined;
  if (key?.length === ISSUER_KEY_BYTES) return key;
  throw new SecurityError(
    'ERR_SECURITY_ISSUER_KEY',
    `an issuer's public key is ${PREFIX} and 43 characters of base64url, got ${JSON.stringify(text)}`,
  );
}

function requireKeyLength(publicKey: Uint8Array): void {
  if (publicKey.length === ISSUER_KEY_BYTES) return;
  throw new SecurityError('ERR_SECURITY_ISSUER_KEY', `an issuer's public key has 32 bytes, got ${publicKey.length}`);
}
