import { existsSync } from 'node:fs';
import { INVITATION_SCHEME, decodeTicket, parseTicket } from '@lightspeed/security';
import type { Ticket } from '@lightspeed/security';
import { ConfigError } from '../config/config-error.ts';

/** Enough to know it again, and too little of a ticket to use it. */
const MOST_SHOWN = 24;
const BEGINS_AS_TICKET = /^\s*lst\d+_/;

/** A ticket as a command line gives it, and what it says. Its signature is not checked. */
export interface TicketArgument {
  readonly bytes: Uint8Array;
  readonly ticket: Ticket;
}

/**
 * Reads a ticket of a command line.
 * @param command whose argument it is, such as `ticket inspect`.
 * @param otherwise what that takes besides a ticket, if anything.
 * @throws {ConfigError} with what was got, what is allowed, and what to do.
 */
export function readTicket(command: string, given: string, otherwise?: string): TicketArgument {
  const bytes = parseTicket(given);
  const ticket = bytes instanceof Uint8Array ? decodeTicket(bytes) : bytes;
  if (bytes instanceof Uint8Array && ticket.type === 'ticket') return { bytes, ticket };
  const got = JSON.stringify(given.length > MOST_SHOWN ? `${given.slice(0, MOST_SHOWN)}…` : given);
  const why = ticket.type === 'refused' && BEGINS_AS_TICKET.test(given) ? ` (${ticket.text})` : '';
  const allowed = `the whole text of a ticket, lst1_...${otherwise === undefined ? '' : `, or ${otherwise}`}`;
  throw new ConfigError(`${command}: got ${got}${why}; allowed is ${allowed}${adviceOn(command, given)}`);
}

function adviceOn(command: string, given: string): string {
  if (given.includes(INVITATION_SCHEME)) return '; the ticket of this line stands behind ticket=';
  return existsSync(given) ? `; of this file: lightspeed-proxy ${command} "$(cat ${JSON.stringify(given)})"` : '';
}
