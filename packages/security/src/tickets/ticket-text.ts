import { decodeBase64Url, encodeBase64Url } from './base64url.ts';
import { MAX_TICKET_BYTES, TICKET_PREFIX } from './ticket-codec.ts';
import { refuseTicket } from './ticket-refusal.ts';
import type { TicketRefusal } from './ticket-refusal.ts';

const PREFIX_OF_ANY_VERSION = /^lst\d+_/;
const MAX_TEXT_LENGTH = TICKET_PREFIX.length + Math.ceil((MAX_TICKET_BYTES * 4) / 3);

/** A ticket's bytes as people pass them on: `lst1_` and base64url without padding. */
export function formatTicket(bytes: Uint8Array): string {
  return TICKET_PREFIX + encodeBase64Url(bytes);
}

/**
 * Reads {@link formatTicket}'s text; white space around it is ignored.
 *
 * @returns the ticket's bytes, unchecked, as a Register carries them; or `malformed` or `unknown_version`. Never throws.
 */
export function parseTicket(text: string): Uint8Array | TicketRefusal {
  const trimmed = text.trim();
  if (!trimmed.startsWith(TICKET_PREFIX)) {
    return refuseTicket(PREFIX_OF_ANY_VERSION.test(trimmed) ? 'unknown_version' : 'malformed');
  }
  if (trimmed.length > MAX_TEXT_LENGTH) return refuseTicket('malformed');
  return decodeBase64Url(trimmed.slice(TICKET_PREFIX.length)) ?? refuseTicket('malformed');
}
