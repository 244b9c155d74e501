import { wholeNumberFault } from '@lightspeed/wire';
import { SecurityError } from '../security-error.ts';

/** What an issuer says about a ticket. Times are whole seconds since 1970-01-01 UTC. */
export interface TicketFields {
  /** 32 lower-case hexadecimal digits: 16 random bytes, by which the ticket is revoked and its sessions are counted. */
  readonly id: string;
  /** Whom it is for: 1 to 255 bytes of UTF-8 without control, format and line-breaking characters. Shown, never compared. */
  readonly name: string;
  /** When it was issued: for people, nothing is decided by it. */
  readonly issuedAt: number;
  /** The first second in which it is valid; 0, the default, is any. */
  readonly notBefore?: number;
  /** The first second in which it is not valid any more. */
  readonly expiresAt: number;
  /** Sessions at once, on each node; 0, the default, leaves that to the node. u32. */
  readonly maxSessions?: number;
  /** Packets per second of each session; 0, the default, leaves that to the node. u32. */
  readonly ratePps?: number;
  /** Bytes per second of each session; 0, the default, leaves that to the node. u32. */
  readonly rateBps?: number;
}

/** A ticket's content. From {@link decodeTicket} it is what its bearer says, from a `TicketVerifier` the word of a trusted issuer. */
export interface Ticket extends Required<TicketFields> {
  readonly type: 'ticket';
  /** The issuer's key id, 16 lower-case hexadecimal digits: the first 8 bytes of SHA-256 of its public key. */
  readonly issuerId: string;
}

/** Length of a ticket's random id. */
export const TICKET_ID_BYTES = 16;

const MAX_SECONDS = 2 ** 48 - 1;
const MAX_U32 = 0xffff_ffff;
const MAX_NAME_BYTES = 255;
const TICKET_ID = /^[0-9a-f]{32}$/;
/** What moves the cursor, hides or reorders text: names are printed in terminals and logs. */
const NOT_FOR_NAMES = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** Whether a text has the form of a ticket's id. */
export function isTicketId(text: string): boolean {
  return TICKET_ID.test(text);
}

/** Whether a well-formed text of so many bytes can be a ticket's name. */
export function isTicketName(name: string, utf8Bytes: number): boolean {
  return utf8Bytes >= 1 && utf8Bytes <= MAX_NAME_BYTES && !NOT_FOR_NAMES.test(name);
}

/**
 * Checks what an issuer is about to sign and fills in the defaults.
 *
 * @param name - the name's bytes in UTF-8.
 * @throws {SecurityError} `ERR_SECURITY_TICKET_FIELD`
 */
export function requireTicketFields(fields: TicketFields, name: Uint8Array): Required<TicketFields> {
  if (!isTicketId(fields.id)) throw fieldError('id', '32 lower-case hexadecimal digits', JSON.stringify(fields.id));
  if (!fields.name.isWellFormed() || !isTicketName(fields.name, name.length)) {
    const allowed = '1 to 255 bytes of UTF-8 without control, format and line-breaking characters';
    throw fieldError('name', allowed, JSON.stringify(fields.name));
  }
  const { notBefore = 0, maxSessions = 0, ratePps = 0, rateBps = 0 } = fields;
  const issuedAt = requireField('issuedAt', fields.issuedAt, 0, MAX_SECONDS);
  requireField('notBefore', notBefore, 0, MAX_SECONDS);
  // One that is never valid is a slip of whoever issues it.
  const expiresAt = requireField('expiresAt', fields.expiresAt, Math.max(issuedAt, notBefore) + 1, MAX_SECONDS);
  requireField('maxSessions', maxSessions, 0, MAX_U32);
  requireField('ratePps', ratePps, 0, MAX_U32);
  requireField('rateBps', rateBps, 0, MAX_U32);
  return { id: fields.id, name: fields.name, issuedAt, notBefore, expiresAt, maxSessions, ratePps, rateBps };
}

function requireField(field: keyof TicketFields, value: number, low: number, high: number): number {
  const fault = wholeNumberFault(`a ticket's ${field}`, value, low, high);
  if (fault !== undefined) throw new SecurityError('ERR_SECURITY_TICKET_FIELD', fault);
  return value;
}

function fieldError(field: keyof TicketFields, allowed: string, got: string): SecurityError {
  return new SecurityError('ERR_SECURITY_TICKET_FIELD', `a ticket's ${field} must be ${allowed}, got ${got}`);
}
