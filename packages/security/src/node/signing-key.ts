import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { SecurityError } from '../security-error.ts';
import type { TicketIssuer } from '../tickets/issue-ticket.ts';

/**
 * The private key with which tickets are issued. It stays with the issuer; nodes need {@link publicKey} only
 * (`formatIssuerKey` writes it down).
 */
export class SigningKey implements TicketIssuer {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly #privateKey: KeyObject;

  private constructor(privateKey: KeyObject) {
    const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
    this.publicKey = Uint8Array.from(Buffer.from(x ?? '', 'base64url'));
    this.#privateKey = privateKey;
  }

  /** A new key from the system's random numbers. */
  static generate(): SigningKey {
    return new SigningKey(generateKeyPairSync('ed25519').privateKey);
  }

  /**
   * Reads a key that {@link toPem} or `openssl genpkey -algorithm ed25519` wrote: PKCS #8 in PEM, not encrypted.
   *
   * @throws {SecurityError} `ERR_SECURITY_SIGNING_KEY`, whose message shows nothing of the text.
   */
  static fromPem(pem: string): SigningKey {
    let key: KeyObject;
    try {
      key = createPrivateKey(pem);
    } catch (cause) {
      throw new SecurityError(
        'ERR_SECURITY_SIGNING_KEY',
        'a signing key must be an Ed25519 private key, PKCS #8 in PEM, not encrypted; this text cannot be read as one',
        { cause },
      );
    }
    if (key.asymmetricKeyType === 'ed25519') return new SigningKey(key);
    throw new SecurityError(
      'ERR_SECURITY_SIGNING_KEY',
      `a signing key must be an Ed25519 private key, got one of type ${key.asymmetricKeyType ?? 'unknown'}`,
    );
  }

  /** The private key, PKCS #8 in PEM: for a file that nobody else may read. */
  toPem(): string {
    return this.#privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  }

  /** A `SignEd25519`; may be passed on by itself. */
  readonly sign = (message: Uint8Array): Uint8Array => Uint8Array.from(sign(null, message, this.#privateKey));
}
