import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatTicket, parseTicket } from '@lightspeed/security';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTicket } from '../src/cli/tickets.ts';
import { decodeText, isTicketText, ticketIn } from '../src/invite/pasted-text.ts';

/** That of docs/protocol.md. */
const TEXT =
  'lst1_ATn3E9CmRCU_AAECAwQFBgcICQoLDA0ODwAAav2GwAAAAAAAAAAAayUTwAAAAAAAAAAAAAAAAAVhbGljZbVzimVopx8NJvHXqLNQNd37EmU7yeg0RZxYagX0nLaV3BxRRuvJqTqCPnr_i21b1bo4fZnbdXAZYV3rOzcP-w8';
const TICKET = parseTicket(TEXT);

const wrapped = (width: number, between: string) => TEXT.match(new RegExp(`.{1,${width}}`, 'g'))?.join(between) ?? '';

describe('a ticket as people get it', () => {
  it.each([
    ['with white space around', `\n  ${TEXT}\r\n\n`],
    ['in quotation marks', `"${TEXT}"`],
    ['in typographic ones', `„${TEXT}“`],
    ['in a sentence', `Hello,\nyour ticket is ${TEXT} until May.\nBob`],
    ['wrapped by mail', `${wrapped(76, '\n')}\n`],
    ['wrapped with carriage returns', wrapped(60, '\r\n')],
    ['wrapped with a greeting behind it', `${wrapped(72, '\n')}\nCheers\nBob`],
    ['wrapped in the middle of a line', `ticket: ${wrapped(50, '\n')}\n-- \nBob`],
    ['quoted in an answer', `On Monday Bob wrote:\n> ${wrapped(70, '\n> ')}\n>\n> Bob`],
    ['quoted twice', `> > ${wrapped(70, '\n> > ')}`],
    ['indented', `    ${wrapped(70, '\n    ')}`],
    ['with marks where it may be broken', wrapped(20, '\u200b')],
    ['with a byte order mark', `\ufeff${TEXT}`],
    ['in angle brackets', `<${TEXT}>`],
  ])('is understood %s', (_how, text) => {
    expect(ticketIn(text)).toEqual(TICKET);
  });

  it('is taken as it is, whatever is in it, if it stands alone', () => {
    expect(ticketIn(formatTicket(Uint8Array.of(1, 2, 3)))).toEqual(Uint8Array.of(1, 2, 3));
  });

  it.each([
    ['lst2_abc', 'unknown_version'],
    [TEXT.slice(0, -3), undefined],
    ['lst1_!', 'malformed'],
    ['hello', 'malformed'],
    ['', 'malformed'],
    [`lst1_${'A'.repeat(100_000)}`, 'malformed'],
  ])('is refused if it is none: %s', (text, code) => {
    const read = ticketIn(text);
    // A part of a ticket is bytes too: the node says what is wrong with it.
    if (code === undefined) expect(read).not.toEqual(TICKET);
    else expect(read).toMatchObject({ type: 'refused', code });
  });

  it('is told from the name of a file', () => {
    expect([TEXT, ` "${TEXT}"`, 'lst9_x'].map(isTicketText)).toEqual([true, true, true]);
    expect(['ticket.txt', './lst1_x', 'my lst1_'].map(isTicketText)).toEqual([false, false, false]);
  });
});

describe('a file of text', () => {
  const bom = Buffer.from([0xff, 0xfe]);
  const little = Buffer.from(TEXT, 'utf16le');
  const big = Buffer.from(little).swap16();
  it.each([
    ['UTF-8', Buffer.from(TEXT)],
    ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${TEXT}`)],
    ['UTF-16 as Windows writes it', Buffer.concat([bom, little])],
    ['UTF-16 without a byte order mark', little],
    ['big-endian UTF-16', Buffer.concat([Buffer.from([0xfe, 0xff]), big])],
    ['big-endian UTF-16 without a byte order mark', big],
  ])('is read in %s', (_encoding, bytes) => {
    expect(decodeText(bytes)).toBe(TEXT);
  });

  it('may be empty, or one byte', () => {
    expect([decodeText(Buffer.of()), decodeText(Buffer.of(0)), decodeText(Buffer.of(65))]).toEqual(['', '\0', 'A']);
  });
});

describe('--ticket', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lightspeed-tickets-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('takes a file in UTF-16 that mail has wrapped', async () => {
    const file = join(folder, 'ticket.txt');
    await writeFile(file, Buffer.from(`\ufeff> ${wrapped(76, '\r\n> ')}\r\n`, 'utf16le'));
    expect(await readTicket(file, '--ticket')).toEqual(TICKET);
  });

  it('takes a text in quotation marks', async () => {
    expect(await readTicket(`'${TEXT}'`, '--ticket')).toEqual(TICKET);
  });

  it('says what to do with an invitation', async () => {
    const file = join(folder, 'invitation.txt');
    await writeFile(file, 'lightspeed://v1/relay.example.net:4433?check=x');
    await expect(readTicket(file, '--ticket')).rejects.toThrow('this is an invitation: take it with "lightspeed import"');
  });
});
