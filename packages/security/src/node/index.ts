/**
 * The cryptography that `@lightspeed/security` wants to be given, over `node:crypto`, and signing keys for tickets in files
 * that OpenSSL reads. For Node.js; everything else of the package runs anywhere.
 *
 * @module
 */
export { hmacSha256, sha256, verifyEd25519 } from './primitives.ts';
export { SigningKey } from './signing-key.ts';
