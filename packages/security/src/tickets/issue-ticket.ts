import type { Sha256, SignEd25519 } from '../crypto-primitives.ts';
import { SecurityError } from '../security-error.ts';
import { issuerKeyId } from './issuer-key.ts';
import type { TicketFields } from './ticket.ts';
import { SIGNATURE_BYTES, encodeTicketBody, signedBytes } from './ticket-codec.ts';

/** Who signs tickets. */
export interface TicketIssuer {
  /** Ed25519, 32 bytes; what nodes are told to trust. */
  readonly publicKey: Uint8Array;
  /** Signs with the private key of `publicKey`. */
  readonly sign: SignEd25519;
}

/**
 * Makes a signed ticket.
 *
 * @returns its bytes, fresh, as a Register carries them; {@link formatTicket} makes the text that people pass on.
 * @throws {SecurityError} `ERR_SECURITY_TICKET_FIELD`, `ERR_SECURITY_ISSUER_KEY`, `ERR_SECURITY_PRIMITIVE_OUTPUT`
 */
export function issueTicket(fields: TicketFields, issuer: TicketIssuer, sha256: Sha256): Uint8Array {
  const body = encodeTicketBody(fields, issuerKeyId(issuer.publicKey, sha256));
  const signature = issuer.sign(signedBytes(body));
  if (signature.length !== SIGNATURE_BYTES) {
    throw new SecurityError('ERR_SECURITY_PRIMITIVE_OUTPUT', `Ed25519 must give 64 bytes, got ${signature.length}`);
  }
  const ticket = new Uint8Array(body.length + SIGNATURE_BYTES);
  ticket.set(body);
  ticket.set(signature, body.length);
  return ticket;
}
