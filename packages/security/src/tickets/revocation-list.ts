import { SecurityError } from '../security-error.ts';
import { isTicketId } from './ticket.ts';

/** What cannot stand in a comment without ending its line somewhere. */
const LINE_BREAKING = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Reads a revocation list: a text with one ticket id a line, 32 hexadecimal digits. A `#` starts a comment, after an id
 * or on a line of its own. Empty lines, white space around ids and either line ending are allowed.
 *
 * Anything else is an error. So a list that is just being written is not mistaken for a shorter one. A reader keeps the
 * list that it has until it can read the next one.
 *
 * @throws {SecurityError} `ERR_SECURITY_REVOCATION_LINE`, with the number of the first line that is wrong, counted from 1.
 */
export function parseRevocationList(text: string): ReadonlySet<string> {
  const ids = new Set<string>();
  const lines = (text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text).split('\n');
  for (const [index, line] of lines.entries()) {
    const id = line.split('#', 1)[0].trim().toLowerCase();
    if (id === '') continue;
    if (!isTicketId(id)) {
      throw new SecurityError(
        'ERR_SECURITY_REVOCATION_LINE',
        `revocation list, line ${index + 1}: a ticket id is 32 hexadecimal digits, got ${JSON.stringify(id)}`,
      );
    }
    ids.add(id);
  }
  return ids;
}

/**
 * The line that revokes a ticket, with its line ending, to be put at the end of a list.
 *
 * @param comment - for people: who, when, why. Whatever would end the line becomes a blank.
 * @throws {SecurityError} `ERR_SECURITY_TICKET_FIELD` if the id is not 32 lower-case hexadecimal digits.
 */
export function formatRevocation(ticketId: string, comment = ''): string {
  if (!isTicketId(ticketId)) {
    throw new SecurityError(
      'ERR_SECURITY_TICKET_FIELD',
      `a ticket's id must be 32 lower-case hexadecimal digits, got ${JSON.stringify(ticketId)}`,
    );
  }
  const words = comment.replace(LINE_BREAKING, ' ').trim();
  return words === '' ? `${ticketId}\n` : `${ticketId} # ${words}\n`;
}
