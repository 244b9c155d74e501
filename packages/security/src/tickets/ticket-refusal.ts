/** Why a ticket does not let anybody in. Stable, for programs and counters. */
export type TicketRefusalCode = keyof typeof TICKET_REFUSAL_TEXTS;

/**
 * The same for people, as the reason text of a Disconnect carries it (docs/protocol.md, Extensions). Stable too: nothing
 * in them depends on the ticket.
 */
export const TICKET_REFUSAL_TEXTS = Object.freeze({
  /** The node wants a ticket and got none. */
  missing: 'this node wants a ticket',
  /** It ends too early or too late, or a field of it is none. */
  malformed: 'the ticket is damaged or incomplete',
  /** Its first byte, or the number in its text's prefix, is none that this version reads. */
  unknown_version: 'the ticket is of a version that is not known here',
  /** No issuer whose key id it names is trusted. */
  unknown_issuer: 'the ticket was issued with a key that this node does not trust',
  /** The issuer's key did not make the signature, or something was changed since. */
  bad_signature: 'the signature of the ticket is wrong',
  /** Its time comes later, by the node's clock. */
  not_yet_valid: 'the ticket is not valid yet',
  /** Its time is over, by the node's clock. */
  expired: 'the ticket has expired',
  /** Its id is on the node's revocation list. */
  revoked: 'the ticket was revoked',
  /** So many sessions are open with it as it allows at once. */
  too_many_sessions: 'the ticket has as many sessions as it may have at once',
  /** The node holds as many sessions with tickets as it may. */
  node_full: 'the node has no room for another session',
});

/** A result in place of a ticket. What a peer sends never makes this package throw. */
export interface TicketRefusal {
  readonly type: 'refused';
  readonly code: TicketRefusalCode;
  /** What {@link TICKET_REFUSAL_TEXTS} says about the code. */
  readonly text: string;
}

/** A refusal with its text. */
export function refuseTicket(code: TicketRefusalCode): TicketRefusal {
  return { type: 'refused', code, text: TICKET_REFUSAL_TEXTS[code] };
}
