import { randomBytes } from 'node:crypto';
import { formatIssuerKey, issueTicket } from '@lightspeed/security';
import type { TicketFields } from '@lightspeed/security';
import { SigningKey, sha256 } from '@lightspeed/security/node';

const HOUR_SECONDS = 3_600;
/** More than any run has. */
const MANY_SESSIONS = 1_000_000;

/** Who issues tickets for the nodes of a run, which let in nobody else. */
export class Issuer {
  readonly #key = SigningKey.generate();

  /** As nodes are told it. */
  get publicKey(): string {
    return formatIssuerKey(this.#key.publicKey);
  }

  /** A ticket that counts from an hour ago for two hours, for any number of sessions. @param rates its own, in place of the node's */
  ticket(rates: Pick<TicketFields, 'ratePps' | 'rateBps'> = {}): Uint8Array {
    const now = Math.floor(Date.now() / 1_000);
    const times = { issuedAt: now - HOUR_SECONDS, expiresAt: now + HOUR_SECONDS };
    const ticket = { id: randomBytes(16).toString('hex'), name: 'lab', maxSessions: MANY_SESSIONS, ...times, ...rates };
    return issueTicket(ticket, this.#key, sha256);
  }
}
