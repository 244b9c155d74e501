import { decodeTicket, parseTicket } from '@lightspeed/security';
import type { TicketRefusal } from '@lightspeed/security';

/*
 * Texts as people get them: wrapped by mail, quoted, in quotation marks, in UTF-16.
 */

/** What mail puts in front of a line that it quotes. */
const QUOTED = /^[\s>|]+/;
const MARKS = '"\'`<>“”‘’„‚«»‹›';
const TICKET_BEGINS = new RegExp(`^[\\s${MARKS}]*lst\\d+_`);
/** What ends a text that stands within others. */
const END = new RegExp(`[\\s${MARKS}()]`);
/** Characters without width that programs put where a line may be broken. */
const INVISIBLE = /[\u00ad\u200b-\u200d\u2060\ufeff]/g;
/** More lines than a wrapped ticket has. */
const MOST_LINES = 64;

/** Text of a file or of standard input: UTF-16 with or without a byte order mark, else UTF-8. */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  // Of ASCII characters in UTF-16, every other byte is 0.
  const isLittle = (first === 0xff && second === 0xfe) || (first !== 0 && second === 0);
  const isBig = (first === 0xfe && second === 0xff) || (first === 0 && second !== 0);
  const encoding = isLittle ? 'utf-16le' : isBig ? 'utf-16be' : 'utf-8';
  return new TextDecoder(bytes.length < 2 ? 'utf-8' : encoding).decode(bytes);
}

/** Whether it is a ticket itself, and not the name of a file. */
export function isTicketText(text: string): boolean {
  return TICKET_BEGINS.test(text);
}

/** The ticket in a text; its signature is not looked at. Lines are joined as far as the ticket goes. */
export function ticketIn(text: string): Uint8Array | TicketRefusal {
  const plain = text.replace(INVISIBLE, '');
  const begin = plain.search(/lst\d+_/);
  const candidates = joinedLines(plain.slice(Math.max(0, begin)));
  for (const candidate of candidates) {
    const bytes = parseTicket(candidate);
    if (bytes instanceof Uint8Array && decodeTicket(bytes).type === 'ticket') return bytes;
  }
  return parseTicket(candidates.at(-1) ?? '');
}

/**
 * What may be meant by a text that begins here. The first candidate is the first line, up to a space. Each further one has a line
 * more, until something else follows.
 */
export function joinedLines(text: string): string[] {
  const lines = text.split(/\r\n?|\n/).slice(0, MOST_LINES);
  const candidates: string[] = [];
  let joined = '';
  for (const [index, line] of lines.entries()) {
    const bare = index === 0 ? line : line.replace(QUOTED, '');
    const end = bare.search(END);
    const part = end < 0 ? bare : bare.slice(0, end);
    if (part === '' && index > 0) break;
    joined += part;
    candidates.push(joined);
    // What stands behind it on this line is something else.
    if (end >= 0 && bare.slice(end).trim() !== '') break;
  }
  return candidates;
}
