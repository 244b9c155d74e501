import { randomBytes } from 'node:crypto';
import { formatIssuerKey, issueTicket } from '@lightspeed/security';
import type { TicketFields } from '@lightspeed/security';
import { SigningKey, sha256 } from '@lightspeed/security/node';

/** Somebody who issues tickets. */
export class Issuer {
  readonly #key = SigningKey.generate();

  get publicKey(): string {
    return formatIssuerKey(this.#key.publicKey);
  }

  /** A ticket that counts for an hour, unless said otherwise. */
  ticket(fields: Partial<TicketFields> = {}): Uint8Array {
    const now = Math.floor(Date.now() / 1_000);
    const id = randomBytes(16).toString('hex');
    return issueTicket({ id, name: 'alice', issuedAt: now - 7_200, expiresAt: now + 3_600, ...fields }, this.#key, sha256);
  }
}
