import type { Sha256, VerifyEd25519 } from '../crypto-primitives.ts';
import { SecurityError } from '../security-error.ts';
import { formatHex } from './hex.ts';
import { issuerKeyId } from './issuer-key.ts';
import type { Ticket } from './ticket.ts';
import { SIGNATURE_BYTES, decodeTicket, signedBytes } from './ticket-codec.ts';
import { refuseTicket } from './ticket-refusal.ts';
import type { TicketRefusal } from './ticket-refusal.ts';

/** Whose tickets count, and which of them do not. */
export interface TicketVerifierOptions {
  /** Public keys of those whose tickets count, 32 bytes each; at least one. */
  readonly issuers: readonly Uint8Array[];
  /** Ids of tickets that do not count any more; none by default. */
  readonly revocations?: ReadonlySet<string>;
  readonly verifyEd25519: VerifyEd25519;
  readonly sha256: Sha256;
}

/**
 * Tells the tickets that let somebody in from all others (docs/protocol.md, Registered clients). It remembers nothing: a
 * ticket is good as often as it is shown, see `TicketSessions` for how many sessions it is good for.
 */
export class TicketVerifier {
  /** To be replaced whenever the list was read anew; the next {@link verify} goes by it. */
  revocations: ReadonlySet<string>;
  readonly #publicKeys: ReadonlyMap<string, Uint8Array>;
  readonly #verifyEd25519: VerifyEd25519;

  /**
   * @throws {SecurityError} `ERR_SECURITY_ISSUER_KEY` if there is no issuer, a key has not 32 bytes, or two keys share an id;
   *   `ERR_SECURITY_PRIMITIVE_OUTPUT`
   */
  constructor(options: TicketVerifierOptions) {
    const publicKeys = new Map<string, Uint8Array>();
    for (const key of options.issuers) {
      const keyId = issuerKeyId(key, options.sha256);
      const other = publicKeys.get(keyId);
      if (other !== undefined && formatHex(other) !== formatHex(key)) {
        throw new SecurityError('ERR_SECURITY_ISSUER_KEY', `two issuers have the key id ${keyId}: replace one of the keys`);
      }
      publicKeys.set(keyId, key.slice());
    }
    if (publicKeys.size === 0) throw new SecurityError('ERR_SECURITY_ISSUER_KEY', 'at least one issuer must be trusted, got none');
    this.#publicKeys = publicKeys;
    this.revocations = options.revocations ?? new Set();
    this.#verifyEd25519 = options.verifyEd25519;
  }

  /** Key ids of the issuers that are trusted. */
  get issuerIds(): readonly string[] {
    return [...this.#publicKeys.keys()];
  }

  /**
   * Judges a ticket's bytes as they came, undefined if there were none. One whose signature is wrong is told nothing else:
   * time and revocation come last.
   *
   * @param nowSeconds - seconds since 1970-01-01 UTC. Valid is `notBefore <= nowSeconds < expiresAt`.
   * @returns the ticket, which shares no memory with `bytes`, or why it does not count. Never throws.
   */
  verify(bytes: Uint8Array | undefined, nowSeconds: number): Ticket | TicketRefusal {
    if (bytes === undefined) return refuseTicket('missing');
    const ticket = decodeTicket(bytes);
    if (ticket.type === 'refused') return ticket;
    const publicKey = this.#publicKeys.get(ticket.issuerId);
    if (publicKey === undefined) return refuseTicket('unknown_issuer');
    const body = bytes.subarray(0, bytes.length - SIGNATURE_BYTES);
    const signature = bytes.subarray(bytes.length - SIGNATURE_BYTES);
    if (!this.#verifyEd25519(publicKey, signedBytes(body), signature)) return refuseTicket('bad_signature');
    // Asked this way round, so that a clock that gives no number lets nobody in.
    if (!(nowSeconds >= ticket.notBefore)) return refuseTicket('not_yet_valid');
    if (!(nowSeconds < ticket.expiresAt)) return refuseTicket('expired');
    if (this.revocations.has(ticket.id)) return refuseTicket('revoked');
    return ticket;
  }
}
