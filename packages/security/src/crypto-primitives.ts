import { SecurityError } from './security-error.ts';

/**
 * The cryptography that this package is given: it has none of its own, so that it runs anywhere. `@lightspeed/security/node`
 * makes these from `node:crypto`. All of them are synchronous, change none of their arguments and return fresh arrays.
 */

/** HMAC-SHA-256 (RFC 2104, FIPS 180-4): 32 bytes, for a key of any length. */
export type HmacSha256 = (key: Uint8Array, data: Uint8Array) => Uint8Array;

/** SHA-256 (FIPS 180-4): 32 bytes. */
export type Sha256 = (data: Uint8Array) => Uint8Array;

/**
 * Ed25519 (RFC 8032, 5.1.7): whether the 64-byte signature of the message is the public key's (32 bytes). False, never an
 * exception, for whatever bytes are no signature or no key.
 */
export type VerifyEd25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** Ed25519 (RFC 8032, 5.1.6): the message's signature, 64 bytes, by a private key that the function holds. */
export type SignEd25519 = (message: Uint8Array) => Uint8Array;

const SHA256_BYTES = 32;

/** @throws {SecurityError} `ERR_SECURITY_PRIMITIVE_OUTPUT` if the function that was given makes anything but 32 bytes. */
export function hmacOf(key: Uint8Array, data: Uint8Array, hmacSha256: HmacSha256): Uint8Array {
  const hmac = hmacSha256(key, data);
  // A shorter one would compare as equal to bytes that nobody had to know.
  if (hmac.length !== SHA256_BYTES) {
    throw new SecurityError('ERR_SECURITY_PRIMITIVE_OUTPUT', `HMAC-SHA-256 must give 32 bytes, got ${hmac.length}`);
  }
  return hmac;
}
