import { decodeUtf8, encodeUtf8 } from './utf8.ts';
import { formatHex, parseHex } from './hex.ts';
import { TICKET_ID_BYTES, isTicketName, requireTicketFields } from './ticket.ts';
import type { Ticket, TicketFields } from './ticket.ts';
import { refuseTicket } from './ticket-refusal.ts';
import type { TicketRefusal } from './ticket-refusal.ts';

/**
 * A ticket's bytes, integers big-endian, times in seconds:
 *
 * ```text
 *    0  version u8 = 1          25  issued at u48       43  max sessions u32
 *    1  issuer key id, 8        31  not before u48      47  packets per second u32
 *    9  ticket id, 16           37  expires at u48      51  bytes per second u32
 *   55  length of the name u8   56  the name, UTF-8     ..  signature, 64, to the end
 * ```
 *
 * The signature is Ed25519 over the five characters `lst1_` and all bytes before it. So a signature that these keys
 * made for anything else is never a ticket.
 */
const TICKET_VERSION = 1;
const ISSUER_ID_AT = 1;
const ID_AT = 9;
const ISSUED_AT_AT = 25;
const NOT_BEFORE_AT = 31;
const EXPIRES_AT_AT = 37;
const MAX_SESSIONS_AT = 43;
const RATE_PPS_AT = 47;
const RATE_BPS_AT = 51;
const NAME_LENGTH_AT = 55;
const NAME_AT = 56;
/** Length of an Ed25519 signature. */
export const SIGNATURE_BYTES = 64;

/** In front of a ticket's text form, and of the bytes that are signed. */
export const TICKET_PREFIX = 'lst1_';

/** Bytes of the longest ticket, the one with a name of 255 bytes. */
export const MAX_TICKET_BYTES = NAME_AT + 255 + SIGNATURE_BYTES;

/**
 * The bytes of a ticket without its signature, fresh.
 *
 * @param issuerId - 16 hexadecimal digits.
 * @throws {SecurityError} `ERR_SECURITY_TICKET_FIELD`
 */
export function encodeTicketBody(fields: TicketFields, issuerId: string): Uint8Array {
  const name = encodeUtf8(fields.name);
  const ticket = requireTicketFields(fields, name);
  const body = new Uint8Array(NAME_AT + name.length);
  const view = new DataView(body.buffer);
  view.setUint8(0, TICKET_VERSION);
  body.set(parseHex(issuerId), ISSUER_ID_AT);
  body.set(parseHex(ticket.id), ID_AT);
  setUint48(view, ISSUED_AT_AT, ticket.issuedAt);
  setUint48(view, NOT_BEFORE_AT, ticket.notBefore);
  setUint48(view, EXPIRES_AT_AT, ticket.expiresAt);
  view.setUint32(MAX_SESSIONS_AT, ticket.maxSessions);
  view.setUint32(RATE_PPS_AT, ticket.ratePps);
  view.setUint32(RATE_BPS_AT, ticket.rateBps);
  view.setUint8(NAME_LENGTH_AT, name.length);
  body.set(name, NAME_AT);
  return body;
}

/**
 * Reads a ticket's bytes **without looking at its signature**: for showing a ticket, not for letting anybody in.
 *
 * @returns the ticket, which shares no memory with `bytes`, or `malformed` or `unknown_version`. Never throws.
 */
export function decodeTicket(bytes: Uint8Array): Ticket | TicketRefusal {
  if (bytes.length === 0) return refuseTicket('malformed');
  // First, as only a known version says where anything else is.
  if (bytes[0] !== TICKET_VERSION) return refuseTicket('unknown_version');
  if (bytes.length < NAME_AT + SIGNATURE_BYTES) return refuseTicket('malformed');
  const nameBytes = bytes[NAME_LENGTH_AT];
  if (bytes.length !== NAME_AT + nameBytes + SIGNATURE_BYTES) return refuseTicket('malformed');
  const name = decodeUtf8(bytes.subarray(NAME_AT, NAME_AT + nameBytes));
  if (name === undefined || !isTicketName(name, nameBytes)) return refuseTicket('malformed');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    type: 'ticket',
    id: formatHex(bytes.subarray(ID_AT, ID_AT + TICKET_ID_BYTES)),
    issuerId: formatHex(bytes.subarray(ISSUER_ID_AT, ID_AT)),
    name,
    issuedAt: getUint48(view, ISSUED_AT_AT),
    notBefore: getUint48(view, NOT_BEFORE_AT),
    expiresAt: getUint48(view, EXPIRES_AT_AT),
    maxSessions: view.getUint32(MAX_SESSIONS_AT),
    ratePps: view.getUint32(RATE_PPS_AT),
    rateBps: view.getUint32(RATE_BPS_AT),
  };
}

/** What the issuer signs: the prefix, then the ticket's bytes without its signature. Fresh. */
export function signedBytes(body: Uint8Array): Uint8Array {
  const message = new Uint8Array(TICKET_PREFIX.length + body.length);
  message.set(encodeUtf8(TICKET_PREFIX));
  message.set(body, TICKET_PREFIX.length);
  return message;
}

function setUint48(view: DataView, at: number, value: number): void {
  view.setUint16(at, Math.floor(value / 2 ** 32));
  view.setUint32(at + 2, value % 2 ** 32);
}

function getUint48(view: DataView, at: number): number {
  return view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2);
}
