import { isIP } from 'node:net';
import { getCACertificates } from 'node:tls';
import { NODE_SERVER_NAME } from './make-certificate.ts';
import { formatPin, PIN_BYTES, samePin } from './pin.ts';
import { QuicError } from './transport/quic-error.ts';

/** How a client makes sure that it speaks with the node that it means. */
export type Verification =
  /** The node's public key has this SHA-256, see `pinOf`. */
  | { readonly kind: 'pin'; readonly sha256: Uint8Array }
  /**
   * The certificate leads to one of these authorities (PEM) and carries `serverName`. By default that is the host that is
   * connected to, or `lightspeed-node` when that is an address. This is what the certificates of `loadOrCreateIdentity`
   * carry.
   */
  | { readonly kind: 'ca'; readonly pem: string; readonly serverName?: string }
  /** As `ca`, with the authorities that the operating system trusts (Node's own where that has none). */
  | { readonly kind: 'system'; readonly serverName?: string }
  /**
   * Trust on first use. Without `known`, whatever the node shows is handed to `remember` before the connection is
   * returned. With it, this is a `pin` whose mismatch is `ERR_QUIC_PIN_CHANGED`.
   */
  | {
      readonly kind: 'first-use';
      readonly known: Uint8Array | undefined;
      readonly remember: (sha256: Uint8Array) => void | Promise<void>;
    }
  /** Anybody may be the node. */
  | { readonly kind: 'insecure' };

/** What the handshake has to be told. */
export interface HandshakeVerification {
  readonly serverName: string;
  /** Undefined: the certificate is looked at after the handshake, or not at all. */
  readonly authoritiesPem: string | undefined;
}

/** @throws {QuicError} `ERR_QUIC_OPTION` */
export function handshakeVerification(verify: Verification, host: string): HandshakeVerification {
  const ownName = isIP(host) === 0 ? host : NODE_SERVER_NAME;
  switch (verify.kind) {
    case 'ca':
      if (!verify.pem.includes('-----BEGIN CERTIFICATE-----')) {
        throw new QuicError('ERR_QUIC_OPTION', 'the authorities are to be certificates in PEM, and there is none among them');
      }
      return { serverName: verify.serverName ?? ownName, authoritiesPem: verify.pem };
    case 'system':
      return { serverName: verify.serverName ?? ownName, authoritiesPem: systemAuthorities() };
    case 'pin':
      requirePin(verify.sha256);
      return { serverName: ownName, authoritiesPem: undefined };
    case 'first-use':
      if (verify.known !== undefined) requirePin(verify.known);
      return { serverName: ownName, authoritiesPem: undefined };
    case 'insecure':
      return { serverName: ownName, authoritiesPem: undefined };
  }
}

/**
 * Looks at the key that the node proved to have, after the handshake and before anything is sent.
 *
 * @param seen undefined when it could not be learned
 * @throws {QuicError} `ERR_QUIC_PIN_MISMATCH`, `ERR_QUIC_PIN_CHANGED`, `ERR_QUIC_PIN_UNSEEN`
 */
export async function verifyPin(verify: Verification, seen: Uint8Array | undefined, node: string): Promise<void> {
  if (verify.kind !== 'pin' && verify.kind !== 'first-use') return;
  if (seen === undefined) {
    const words = `${node} sent no TLS session ticket in time, from which its certificate is read: its key cannot be checked`;
    throw new QuicError('ERR_QUIC_PIN_UNSEEN', words);
  }
  if (verify.kind === 'pin') {
    if (samePin(seen, verify.sha256)) return;
    const words = `${node} has another key than the pinned one: expected ${formatPin(verify.sha256)}, got ${formatPin(seen)}`;
    throw new QuicError('ERR_QUIC_PIN_MISMATCH', words);
  }
  if (verify.known === undefined) await verify.remember(seen);
  else if (!samePin(seen, verify.known)) {
    const words =
      `${node} has another key than at its first use: remembered ${formatPin(verify.known)}, got ${formatPin(seen)}. ` +
      'Either its operator has replaced the key, or somebody is in between';
    throw new QuicError('ERR_QUIC_PIN_CHANGED', words);
  }
}

function requirePin(pin: Uint8Array): void {
  if (pin.length !== PIN_BYTES) throw new QuicError('ERR_QUIC_OPTION', `a pin has ${PIN_BYTES} bytes, got ${pin.length}`);
}

function systemAuthorities(): string {
  const system = getCACertificates('system');
  return (system.length > 0 ? system : getCACertificates('bundled')).join('\n');
}
