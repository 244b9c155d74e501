import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_INVITATION_LENGTH, formatInvitation, parseInvitation, parseIssuerKey, parseTicket } from '@lightspeed/security';
import type { Invitation, SecurityError } from '@lightspeed/security';
import { SigningKey, sha256 } from '@lightspeed/security/node';
import { fromHex } from './hex.ts';
import { issue } from './issuers.ts';
import invitations from './vectors/invitations.json' with { type: 'json' };
import vectors from './vectors/tickets.json' with { type: 'json' };

const KEY = SigningKey.fromPem(vectors.privateKeyPem);
const PIN = Uint8Array.from({ length: 32 }, (_, index) => index * 7);
const WHOLE: Invitation = {
  type: 'invitation',
  node: { host: 'relay.example.net', port: 4433 },
  pin: PIN,
  ticket: issue(KEY),
  issuer: KEY.publicKey,
};
const TEXT = formatInvitation(WHOLE, sha256);

const read = (text: string) => parseInvitation(text, sha256);

/** Ends a text as an invitation, with the right check. */
function checked(begin: string): string {
  const check = Buffer.from(sha256(Buffer.from(begin)).subarray(0, 6)).toString('base64url');
  return `${begin}check=${check}`;
}

describe('an invitation', () => {
  it('names node, pin, ticket and issuer in one line', () => {
    expect(TEXT).toMatch(
      /^lightspeed:\/\/v1\/relay\.example\.net:4433\?pin=[\w-]{43}&ticket=lst1_[\w-]+&issuer=lsi1_[\w-]{43}&check=[\w-]{8}$/,
    );
    expect(read(TEXT)).toEqual(WHOLE);
  });

  it('names the node alone if there is no more to say', () => {
    const alone: Invitation = { ...WHOLE, pin: undefined, ticket: undefined, issuer: undefined };
    expect(formatInvitation(alone, sha256)).toMatch(/^lightspeed:\/\/v1\/relay\.example\.net:4433\?check=[\w-]{8}$/);
    expect(read(formatInvitation(alone, sha256))).toEqual(alone);
  });

  it.each([
    ['an address', '192.0.2.7', '192.0.2.7:4433'],
    ['an IPv6 address in its one form', '2001:DB8:0::7', '[2001:db8::7]:4433'],
    ['a name in lower case', 'Relay.Example.NET', 'relay.example.net:4433'],
    ['a name in Punycode', 'xn--rlay-p4d.example', 'xn--rlay-p4d.example:4433'],
  ])('names a node by %s', (_what, host, written) => {
    const text = formatInvitation({ ...WHOLE, node: { host, port: 4433 } }, sha256);
    expect(text).toContain(`/${written}?`);
    expect(read(text).type).toBe('invitation');
  });

  it('of the longest ticket and the longest name is not too long', () => {
    const host = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`;
    const text = formatInvitation({ ...WHOLE, node: { host, port: 65_535 }, ticket: issue(KEY, { name: 'n'.repeat(255) }) }, sha256);
    expect(text.length).toBeLessThanOrEqual(MAX_INVITATION_LENGTH);
    expect(read(text).type).toBe('invitation');
  });

  it.each(['0.0.0.0', '224.0.0.1', '255.255.255.255', '::', 'fe80::1', 'a b', '', 'a..b', '-a.net', '127.1', 'no_name', 'é.net'])(
    'cannot be made for %j',
    (host) => {
      const make = () => formatInvitation({ ...WHOLE, node: { host, port: 4433 } }, sha256);
      expect(make).toThrow(expect.objectContaining({ code: 'ERR_SECURITY_INVITATION' }) as SecurityError);
    },
  );

  it('cannot be made with a pin or port that is none', () => {
    expect(() => formatInvitation({ ...WHOLE, pin: PIN.subarray(1) }, sha256)).toThrow('has 32 bytes, got 31');
    expect(() => formatInvitation({ ...WHOLE, node: { host: 'a.net', port: 0 } }, sha256)).toThrow('got "a.net:0"');
  });
});

describe('an invitation of the vectors', () => {
  it.each(invitations.valid)('is read and written: $text', ({ host, port, pin, ticketFor, issuer, text }) => {
    const ticket = vectors.valid.find((other) => other.ticket.name === ticketFor)?.bytes ?? '';
    const invitation = { node: { host, port }, pin: fromHex(pin), ticket: fromHex(ticket), issuer: parseIssuerKey(issuer) };
    expect(formatInvitation(invitation, sha256)).toBe(text);
    expect(read(text)).toEqual({ type: 'invitation', ...invitation });
  });
});

describe('a text that is no invitation', () => {
  const V1 = 'lightspeed://v1/';
  const pin = Buffer.from(PIN).toString('base64url');
  it.each<[string, string, string, string]>([
    ['another scheme', 'https://v1/a.net:1?check=x', 'not_an_invitation', 'an invitation begins with lightspeed://v1/'],
    ['a scheme in capitals', TEXT.replace('light', 'LIGHT'), 'not_an_invitation', ''],
    ['something in front', ` ${TEXT}`, 'not_an_invitation', ''],
    ['a later version', TEXT.replace('v1', 'v2'), 'unknown_version', 'its version is not known here'],
    ['no version', 'lightspeed://relay.example.net:4433', 'unknown_version', ''],
    ['a very long one', `${V1}${'a'.repeat(100_000)}`, 'too_long', 'it is 100016 characters long; allowed are 1024'],
    ['a terminal escape', `${V1}a\u001b[2J.net:1?check=x`, 'character', 'its character 18 is U+001B'],
    ['a line end', `${V1}a.net:1?\ncheck=x`, 'character', 'U+000A'],
    ['an override of the writing direction', `${V1}a\u202e.net:1?check=x`, 'character', 'U+202E'],
    ['a letter that looks like another', `${V1}rel\u0430y.net:1?check=x`, 'character', 'its character 20 is U+0430'],
    ['an escaped character', `${V1}a%2enet:1?check=x`, 'character', 'U+0025'],
    ['a user in front of the host', `${V1}example.net@evil.net:1?check=x`, 'character', 'U+0040'],
    ['a path', checked(`${V1}../../etc/passwd:1?`), 'node', 'its node is "../../etc/passwd:1"; allowed:'],
    ['a path behind the port', checked(`${V1}a.net:1/../x?`), 'node', ''],
    ['no port', checked(`${V1}a.net?`), 'node', ''],
    ['port 0', checked(`${V1}a.net:0?`), 'node', ''],
    ['port 65536', checked(`${V1}a.net:65536?`), 'node', ''],
    ['a port with a zero in front', checked(`${V1}a.net:04433?`), 'node', ''],
    ['no host', checked(`${V1}:4433?`), 'node', ''],
    ['capitals', checked(`${V1}A.net:1?`), 'node', ''],
    ['every address', checked(`${V1}0.0.0.0:1?`), 'node', ''],
    ['many machines', checked(`${V1}224.0.0.1:1?`), 'node', ''],
    ['an address in short', checked(`${V1}127.1:1?`), 'node', ''],
    ['an address as one number', checked(`${V1}2130706433:1?`), 'node', ''],
    ['an address in hexadecimal', checked(`${V1}0x7f000001:1?`), 'node', ''],
    ['an address in octal', checked(`${V1}010.0.0.1:1?`), 'node', ''],
    ['an IPv6 address without brackets', checked(`${V1}2001:db8::1:1?`), 'node', ''],
    ['an IPv6 address in another form', checked(`${V1}[2001:db8:0::1]:1?`), 'node', ''],
    ['a name in brackets', checked(`${V1}[a.net]:1?`), 'node', ''],
    ['an IPv4 address in IPv6 form', checked(`${V1}[::ffff:127.0.0.1]:1?`), 'node', ''],
    ['a field twice', checked(`${V1}a.net:1?pin=${pin}&pin=${pin}&`), 'duplicate_field', 'it has the field pin twice'],
    [
      'a field that is not known',
      checked(`${V1}a.net:1?exec=rm&`),
      'unknown_field',
      'it has a field "exec"; allowed: pin, ticket, issuer, check',
    ],
    ['a field of every object', checked(`${V1}a.net:1?constructor=x&`), 'unknown_field', ''],
    ['a field without value', checked(`${V1}a.net:1?pin&`), 'field', 'its pin is not 32 bytes'],
    ['an empty field', checked(`${V1}a.net:1?&`), 'unknown_field', ''],
    ['a pin of 31 bytes', checked(`${V1}a.net:1?pin=${pin.slice(0, -2)}&`), 'field', ''],
    ['a ticket that is none', checked(`${V1}a.net:1?ticket=abc&`), 'field', 'the ticket is damaged or incomplete'],
    ['an issuer that is none', checked(`${V1}a.net:1?issuer=abc&`), 'field', 'its issuer is no public key'],
    ['fields in another order', checked(`${V1}a.net:1?issuer=lsi1_${pin}&pin=${pin}&`), 'field', 'its fields have one order: pin, ticket'],
    ['two question marks', checked(`${V1}a.net:1??`), 'character', ''],
    ['no end', TEXT.slice(0, TEXT.indexOf('&check')), 'damaged', 'its end is missing: copy the whole line'],
    ['only a node', `${V1}a.net:1`, 'damaged', ''],
    ['more behind its end', `${TEXT}&pin=${pin}`, 'damaged', ''],
    ['a check of something else', TEXT.replace('relay', 'delay'), 'damaged', 'a part of it is missing or was changed'],
  ])('is refused: %s', (_what, text, code, words) => {
    const refused = read(text);
    expect(refused).toMatchObject({ type: 'refused', code });
    if (refused.type !== 'refused') throw new Error('it was taken');
    expect(refused.text).toContain(words);
    expect(refused.text).toMatch(/^[\x20-\x7e]*$/);
    expect(refused.text.length).toBeLessThan(1_300);
  });

  it('never throws, and what is taken has exactly one spelling', () => {
    const pieces = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom('pin=', 'ticket=', 'issuer=', 'check=', '&', '?', ':1', pin),
    );
    const texts = fc.array(pieces, { maxLength: 12 }).map((parts) => checked(V1 + parts.join('')));
    const cut = fc
      .nat(TEXT.length - 1)
      .chain((at) => fc.string({ maxLength: 2 }).map((put) => TEXT.slice(0, at) + put + TEXT.slice(at + 1)));
    fc.assert(
      fc.property(fc.oneof(texts, cut), (text) => {
        const invitation = read(text);
        if (invitation.type === 'invitation') expect(formatInvitation(invitation, sha256)).toBe(text);
        return true;
      }),
      { numRuns: 2_000 },
    );
  });

  it('is none with any single character changed', () => {
    for (let at = 0; at < TEXT.length; at++) {
      const other = TEXT[at] === 'x' ? 'y' : 'x';
      expect(read(`${TEXT.slice(0, at)}${other}${TEXT.slice(at + 1)}`).type).toBe('refused');
    }
  });
});

it('the ticket of an invitation is the one that was put in', () => {
  const invitation = read(TEXT);
  const [text] = /lst1_[\w-]+/.exec(TEXT) ?? [''];
  expect(invitation.type === 'invitation' && invitation.ticket).toEqual(parseTicket(text));
});
