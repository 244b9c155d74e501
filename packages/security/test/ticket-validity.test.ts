import { describe, expect, it } from 'vitest';
import { TICKET_REFUSAL_TEXTS, TicketVerifier, parseRevocationList } from '@lightspeed/security';
import { SigningKey, sha256, verifyEd25519 } from '@lightspeed/security/node';
import { ALICE, ISSUED_AT, issue, trusting } from './issuers.ts';

const KEY = SigningKey.generate();
const OTHER_KEY = SigningKey.generate();

function verdict(verifier: TicketVerifier, ticket: Uint8Array | undefined, nowSeconds: number): string {
  const result = verifier.verify(ticket, nowSeconds);
  return result.type === 'refused' ? result.code : 'ok';
}

describe('a ticket counts', () => {
  it('until the second in which it expires', () => {
    const { expiresAt } = ALICE;
    const at = (now: number): string => verdict(trusting(KEY), issue(KEY), now);
    expect([expiresAt - 1, expiresAt - 0.001, expiresAt, expiresAt + 1, 2 ** 50].map(at)).toEqual([
      'ok',
      'ok',
      'expired',
      'expired',
      'expired',
    ]);
  });

  it('from its first second on, and at any time before it expires if it names none', () => {
    const later = issue(KEY, { notBefore: ISSUED_AT + 10 });
    const at = (now: number): string => verdict(trusting(KEY), later, now);
    expect([0, ISSUED_AT, ISSUED_AT + 9.999, ISSUED_AT + 10].map(at)).toEqual(['not_yet_valid', 'not_yet_valid', 'not_yet_valid', 'ok']);
    // An issuer's clock that is ahead of the node's does no harm.
    expect(verdict(trusting(KEY), issue(KEY), ISSUED_AT - 60)).toBe('ok');
  });

  it('never by a clock that gives no number', () => {
    expect(verdict(trusting(KEY), issue(KEY), Number.NaN)).not.toBe('ok');
  });

  it('from any of the issuers that the node trusts, and from nobody else', () => {
    const both = trusting(KEY, OTHER_KEY, KEY);
    expect(both.issuerIds).toHaveLength(2);
    expect([issue(KEY), issue(OTHER_KEY)].map((ticket) => verdict(both, ticket, ISSUED_AT))).toEqual(['ok', 'ok']);
    expect(verdict(trusting(OTHER_KEY), issue(KEY), ISSUED_AT)).toBe('unknown_issuer');
  });

  it("not if somebody else signed it in a trusted issuer's name", () => {
    const forged = { publicKey: KEY.publicKey, sign: OTHER_KEY.sign } as SigningKey;
    expect(verdict(trusting(KEY, OTHER_KEY), issue(forged), ISSUED_AT)).toBe('bad_signature');
  });

  it('not once it is on the list, for which the verifier need not be made anew', () => {
    const verifier = trusting(KEY);
    const other = issue(KEY, { id: 'f'.repeat(32) });
    expect(verdict(verifier, issue(KEY), ISSUED_AT)).toBe('ok');
    verifier.revocations = parseRevocationList(`${ALICE.id} # lost\n`);
    expect([issue(KEY), other].map((ticket) => verdict(verifier, ticket, ISSUED_AT))).toEqual(['revoked', 'ok']);
    const fromTheStart = new TicketVerifier({
      issuers: [KEY.publicKey],
      revocations: new Set([ALICE.id]),
      verifyEd25519,
      sha256,
    });
    expect(verdict(fromTheStart, issue(KEY), ISSUED_AT)).toBe('revoked');
  });
});

describe('a refusal', () => {
  it('tells who has no valid signature nothing about time and revocation', () => {
    const verifier = trusting(KEY);
    verifier.revocations = new Set([ALICE.id]);
    const altered = issue(KEY);
    altered[altered.length - 1] ^= 1;
    expect(verdict(verifier, altered, 2 ** 40)).toBe('bad_signature');
  });

  it('says so when there was no ticket', () => {
    expect(trusting(KEY).verify(undefined, ISSUED_AT)).toEqual({ type: 'refused', code: 'missing', text: 'this node wants a ticket' });
  });

  it('reads the same in every release', () => {
    expect(TICKET_REFUSAL_TEXTS).toEqual({
      missing: 'this node wants a ticket',
      malformed: 'the ticket is damaged or incomplete',
      unknown_version: 'the ticket is of a version that is not known here',
      unknown_issuer: 'the ticket was issued with a key that this node does not trust',
      bad_signature: 'the signature of the ticket is wrong',
      not_yet_valid: 'the ticket is not valid yet',
      expired: 'the ticket has expired',
      revoked: 'the ticket was revoked',
      too_many_sessions: 'the ticket has as many sessions as it may have at once',
      node_full: 'the node has no room for another session',
    });
  });
});

describe('a verifier', () => {
  it('is not made without issuers, with keys of the wrong length, or with two that share an id', () => {
    const wrong = expect.objectContaining({ code: 'ERR_SECURITY_ISSUER_KEY' });
    const make =
      (issuers: readonly Uint8Array[], hash = sha256) =>
      () =>
        new TicketVerifier({ issuers, verifyEd25519, sha256: hash });
    expect(make([])).toThrow(wrong);
    expect(make([new Uint8Array(31)])).toThrow(wrong);
    expect(make([KEY.publicKey, OTHER_KEY.publicKey], () => new Uint8Array(32))).toThrow(wrong);
  });

  it("keeps its keys when the caller's arrays change", () => {
    const publicKey = KEY.publicKey.slice();
    const verifier = new TicketVerifier({ issuers: [publicKey], verifyEd25519, sha256 });
    publicKey.fill(0);
    expect(verdict(verifier, issue(KEY), ISSUED_AT)).toBe('ok');
  });
});
