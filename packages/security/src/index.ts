/**
 * What keeps a LightSpeed node from being abused: rate limits, amplification and reflection guards, bans, destination
 * policy, session tokens. Every class decides and returns, without I/O, clock or randomness of its own. Its memory is
 * fixed when it is made, and no call on the packet path allocates. A refusal is a reason that the caller counts.
 *
 * And who may use a node: signed tickets, their revocation, and the proofs that bind addresses to sessions.
 * Cryptography is passed in; `@lightspeed/security/node` has it over `node:crypto`.
 *
 * Addresses are IPv4 as 32-bit numbers, in signed or unsigned form. Times are wrapping int32 milliseconds of one
 * monotonic clock. A slot is the caller's number for a session, from 0 to `capacity - 1`.
 *
 * @module
 */
export { AmplificationCredit, UNVALIDATED_RATIO } from './amplification-credit.ts';
export { BanTable } from './ban-table.ts';
export type { BanTableOptions } from './ban-table.ts';
export { BUILT_IN_DENIALS } from './built-in-denials.ts';
export type { BuiltInDenial } from './built-in-denials.ts';
export type { HmacSha256, Sha256, SignEd25519, VerifyEd25519 } from './crypto-primitives.ts';
export { DestinationPolicy } from './destination-policy.ts';
export type { DestinationPolicyOptions } from './destination-policy.ts';
export { formatDestinationRule, parseDestinationRule } from './destination-rule.ts';
export type { DestinationRule } from './destination-rule.ts';
export { CHALLENGE_BYTES, CHALLENGE_SLOT_SECONDS, checkChallenge, makeChallenge } from './proof/challenge.ts';
export type { ChallengedAddress } from './proof/challenge.ts';
export { PROOF_NONCE_WINDOW, ProofNonces } from './proof/proof-nonces.ts';
export type { ProofNoncesState } from './proof/proof-nonces.ts';
export {
  ANSWERING_PROOF_BYTES,
  ANSWERING_PROOF_PACKET_BYTES,
  MAX_PROOF_NONCE,
  PROOF_BYTES,
  PROOF_PACKET_BYTES,
  PROOF_SECRET_BYTES,
  encodeProof,
  readProof,
  verifyProof,
} from './proof/proof.ts';
export type { Proof } from './proof/proof.ts';
export { tagKeys } from './proof/tag-keys.ts';
export type { TagKeys } from './proof/tag-keys.ts';
export { hashPrefix } from './hash-prefix.ts';
export { DEFAULT_RATE_BPS, DEFAULT_RATE_PPS, RateLimiter, rateLimiterBytes } from './rate-limiter.ts';
export {
  DESTINATION_ADMITTED,
  DESTINATION_REFUSED,
  DESTINATION_REFUSED_BAN,
  ReflectionGuard,
  reflectionGuardBytes,
} from './reflection-guard.ts';
export type { ReflectionGuardOptions } from './reflection-guard.ts';
export { SecurityError } from './security-error.ts';
export type { SecurityErrorCode } from './security-error.ts';
export { INVITATION_SCHEME, MAX_INVITATION_LENGTH, formatInvitation, parseInvitation } from './tickets/invitation.ts';
export type { Invitation, InvitationRefusal, InvitationRefusalCode } from './tickets/invitation.ts';
export { issueTicket } from './tickets/issue-ticket.ts';
export type { TicketIssuer } from './tickets/issue-ticket.ts';
export { ISSUER_KEY_BYTES, formatIssuerKey, issuerKeyId, parseIssuerKey } from './tickets/issuer-key.ts';
export { formatRevocation, parseRevocationList } from './tickets/revocation-list.ts';
export { MAX_TICKET_BYTES, decodeTicket } from './tickets/ticket-codec.ts';
export { TICKET_REFUSAL_TEXTS } from './tickets/ticket-refusal.ts';
export type { TicketRefusal, TicketRefusalCode } from './tickets/ticket-refusal.ts';
export { DEFAULT_MAX_SESSIONS, TicketSessions } from './tickets/ticket-sessions.ts';
export type { ExpiredSession, TicketSessionsOptions } from './tickets/ticket-sessions.ts';
export { formatTicket, parseTicket } from './tickets/ticket-text.ts';
export { TicketVerifier } from './tickets/ticket-verifier.ts';
export type { TicketVerifierOptions } from './tickets/ticket-verifier.ts';
export { TICKET_ID_BYTES } from './tickets/ticket.ts';
export type { Ticket, TicketFields } from './tickets/ticket.ts';
export { TokenTable } from './token-table.ts';
export type { TokenTableOptions } from './token-table.ts';
export { UnboundRateLimiter } from './unbound-rate-limiter.ts';
export type { UnboundRateLimiterOptions } from './unbound-rate-limiter.ts';
