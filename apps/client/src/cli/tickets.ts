import { dirname, join, resolve } from 'node:path';
import { TICKET_REFUSAL_TEXTS } from '@lightspeed/security';
import { homeFolder } from '../base/home-folder.ts';
import type { Given, NodeEntry } from '../config/client-config.ts';
import { configError, modeWarning } from '../config/toml-file.ts';
import { isTicketText, ticketIn } from '../invite/pasted-text.ts';
import { readText } from './read-text.ts';
import { UsageError } from './usage-error.ts';

/**
 * A ticket's text, or the file that holds it: as people get it, wrapped by mail, in quotes, or in UTF-16.
 * @param option its name, for errors.
 * @throws {UsageError} (rejection)
 */
export async function readTicket(given: string, option: string): Promise<Uint8Array> {
  const text = isTicketText(given) ? given : await readText(given, option, 'the ticket’s text, lst1_...');
  const ticket = ticketIn(text);
  if (ticket instanceof Uint8Array) return ticket;
  const hint = /lightspeed:\/\//.test(text) ? '; this is an invitation: take it with "lightspeed import"' : '';
  throw new UsageError(`${option}: ${TICKET_REFUSAL_TEXTS[ticket.code]}${hint}`);
}

/** The ticket of a node in the file of settings: a text, or a file whose name is relative to that file. */
export async function ticketOf(entry: NodeEntry | undefined): Promise<Uint8Array | undefined> {
  const given = entry?.ticket;
  if (given === undefined) return undefined;
  const [text] = given.texts;
  try {
    return await readTicket(isTicketText(text) ? text : besideConfig(given), 'ticket');
  } catch (thrown) {
    if (thrown instanceof UsageError) throw configError(given.line, thrown.message, thrown);
    throw thrown;
  }
}

/** What to tell of files of tickets that others may open. */
export async function ticketWarnings(entries: readonly (NodeEntry | undefined)[]): Promise<string[]> {
  const files = entries.flatMap((entry) =>
    entry?.ticket === undefined || isTicketText(entry.ticket.texts[0]) ? [] : [besideConfig(entry.ticket)],
  );
  const warnings = await Promise.all([...new Set(files)].map(modeWarning));
  return warnings.filter((warning) => warning !== undefined);
}

/** A file that a file of settings names: relative to that, or to the user's folder if it begins with `~/`. */
export function besideConfig({ texts: [name], file }: Given): string {
  if (name.startsWith('~/')) return join(homeFolder(), name.slice(2));
  return resolve(dirname(file), name);
}
