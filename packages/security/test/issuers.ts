import { TicketVerifier, issueTicket } from '@lightspeed/security';
import type { TicketFields } from '@lightspeed/security';
import { sha256, verifyEd25519 } from '@lightspeed/security/node';
import type { SigningKey } from '@lightspeed/security/node';

export const ISSUED_AT = 1_795_000_000;

export const ALICE: TicketFields = {
  id: '000102030405060708090a0b0c0d0e0f',
  name: 'alice',
  issuedAt: ISSUED_AT,
  expiresAt: ISSUED_AT + 1_000,
};

export function issue(key: SigningKey, changes: Partial<TicketFields> = {}): Uint8Array {
  return issueTicket({ ...ALICE, ...changes }, key, sha256);
}

export function trusting(...keys: readonly SigningKey[]): TicketVerifier {
  return new TicketVerifier({ issuers: keys.map((key) => key.publicKey), verifyEd25519, sha256 });
}
