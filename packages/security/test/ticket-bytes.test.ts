import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_TICKET_BYTES,
  TICKET_REFUSAL_TEXTS,
  TicketVerifier,
  decodeTicket,
  formatIssuerKey,
  formatTicket,
  issueTicket,
  issuerKeyId,
  parseIssuerKey,
  parseTicket,
} from '@lightspeed/security';
import { SigningKey, sha256, verifyEd25519 } from '@lightspeed/security/node';
import { fromHex, toHex } from './hex.ts';
import { ALICE, issue, trusting } from './issuers.ts';
import vectors from './vectors/tickets.json' with { type: 'json' };

const KEY = SigningKey.fromPem(vectors.privateKeyPem);
const VERIFIER = trusting(KEY);

function bytesOf(text: string): Uint8Array {
  const bytes = parseTicket(text);
  if (bytes instanceof Uint8Array) return bytes;
  throw new Error(`no ticket: ${bytes.code}`);
}

describe('a ticket', () => {
  for (const { ticket, bytes, text } of vectors.valid) {
    it(`is these bytes and this text: for ${ticket.name.slice(0, 20)}`, () => {
      const { type, issuerId, ...fields } = ticket;
      expect([type, issuerId]).toEqual(['ticket', vectors.issuerId]);
      expect(toHex(issueTicket(fields, KEY, sha256))).toBe(bytes);
      expect(formatTicket(fromHex(bytes))).toBe(text);
      expect(toHex(bytesOf(text))).toBe(bytes);
      expect(decodeTicket(fromHex(bytes))).toEqual(ticket);
      expect(VERIFIER.verify(fromHex(bytes), ticket.expiresAt - 1)).toEqual(ticket);
    });
  }

  for (const { name, bytes, code } of vectors.refused) {
    it(`is refused as ${code}: ${name}`, () => {
      const text = new Map(Object.entries(TICKET_REFUSAL_TEXTS)).get(code);
      expect(VERIFIER.verify(fromHex(bytes), 1_795_000_000)).toEqual({ type: 'refused', code, text });
    });
  }

  it('says what was issued, whatever it is', () => {
    const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
    const seconds = fc.integer({ min: 0, max: 2 ** 48 - 2 });
    const id = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(toHex);
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 }).filter((text) => !/[\p{C}\p{Z}]/u.test(text));
    fc.assert(
      fc.property(id, name, seconds, seconds, u32, u32, u32, (id, name, issuedAt, notBefore, maxSessions, ratePps, rateBps) => {
        const expiresAt = Math.max(issuedAt, notBefore) + 1;
        const fields = { id, name, issuedAt, notBefore, expiresAt, maxSessions, ratePps, rateBps };
        const text = formatTicket(issueTicket(fields, KEY, sha256));
        expect(VERIFIER.verify(bytesOf(text), notBefore)).toEqual({ ...fields, type: 'ticket', issuerId: vectors.issuerId });
      }),
      { numRuns: 50 },
    );
  });

  it('is refused after any one bit of it was changed', () => {
    const bytes = issue(KEY);
    const codes = new Set<string>();
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        bytes[at] ^= 1 << bit;
        const result = VERIFIER.verify(bytes, ALICE.issuedAt);
        if (result.type !== 'refused') throw new Error(`bit ${bit} of byte ${at} does not matter`);
        codes.add(result.code);
        bytes[at] ^= 1 << bit;
      }
    }
    expect([...codes].sort()).toEqual(['bad_signature', 'malformed', 'unknown_issuer', 'unknown_version']);
    expect(VERIFIER.verify(bytes, ALICE.issuedAt).type).toBe('ticket');
  });

  it('is refused after any one character of its text was changed', () => {
    const text = formatTicket(issue(KEY));
    for (let at = 0; at < text.length; at++) {
      for (const other of ['A', 'B', 'Q', '_', '=', ' ', '\n', 'é']) {
        if (text[at] === other) continue;
        const changed = text.slice(0, at) + other + text.slice(at + 1);
        const bytes = parseTicket(changed);
        const result = bytes instanceof Uint8Array ? VERIFIER.verify(bytes, ALICE.issuedAt) : bytes;
        expect(result.type, `${JSON.stringify(other)} at ${at}`).toBe('refused');
      }
    }
  });

  it('is malformed at every length that it is cut to', () => {
    const bytes = issue(KEY);
    const text = formatTicket(bytes);
    for (let length = 0; length < bytes.length; length++) {
      expect(VERIFIER.verify(bytes.subarray(0, length), ALICE.issuedAt)).toHaveProperty('code', 'malformed');
    }
    for (let length = 0; length < text.length; length++) {
      const cut = parseTicket(text.slice(0, length));
      const result = cut instanceof Uint8Array ? VERIFIER.verify(cut, ALICE.issuedAt) : cut;
      expect(result).toHaveProperty('code', 'malformed');
    }
  });

  it('is none in bytes or texts of a stranger, which never make anything throw', () => {
    const start = issue(KEY).subarray(0, 56);
    const starts = fc.constantFrom(new Uint8Array(), Uint8Array.of(1), start);
    fc.assert(
      fc.property(starts, fc.uint8Array({ maxLength: 400 }), (start, rest) => {
        expect(VERIFIER.verify(Uint8Array.from([...start, ...rest]), ALICE.issuedAt).type).toBe('refused');
      }),
    );
    fc.assert(
      fc.property(fc.constantFrom('', 'lst1_', 'lst2_', 'lsi1_'), fc.string(), (prefix, rest) => {
        const bytes = parseTicket(prefix + rest);
        if (bytes instanceof Uint8Array) expect(VERIFIER.verify(bytes, ALICE.issuedAt).type).toBe('refused');
      }),
    );
  });

  it('stands for itself when its bytes lie within others or change later', () => {
    const ticket = issue(KEY);
    const bytes = new Uint8Array(ticket.length + 10).fill(0xee);
    bytes.set(ticket, 7);
    const result = VERIFIER.verify(bytes.subarray(7, 7 + ticket.length), ALICE.issuedAt);
    bytes.fill(0);
    expect(result).toMatchObject({ type: 'ticket', id: ALICE.id, name: 'alice' });
  });
});

describe('the text of a ticket', () => {
  it('may have white space around it', () => {
    const text = formatTicket(issue(KEY));
    expect(toHex(bytesOf(`\n  ${text}\r\n`))).toBe(toHex(issue(KEY)));
  });

  it('is told from that of another version and from what is no ticket', () => {
    const body = formatTicket(issue(KEY)).slice(5);
    const codes = ['lst2_', 'lst10_', 'lsi1_', 'lst_', 'LST1_', ''].map((prefix) => parseTicket(prefix + body));
    expect(codes.map((result) => ('code' in result ? result.code : 'bytes'))).toEqual([
      'unknown_version',
      'unknown_version',
      'malformed',
      'malformed',
      'malformed',
      'malformed',
    ]);
  });

  it('is no longer than that of the longest ticket', () => {
    const longest = issue(KEY, { name: 'x'.repeat(255) });
    expect(longest).toHaveLength(MAX_TICKET_BYTES);
    expect(toHex(bytesOf(formatTicket(longest)))).toBe(toHex(longest));
    expect(parseTicket(`lst1_${'A'.repeat(600)}`)).toHaveProperty('code', 'malformed');
  });

  it('stands for one sequence of bytes only: unused bits are 0', () => {
    for (const text of ['lst1_AB', 'lst1_AAB', 'lst1_A', 'lst1_AAAAA', 'lst1_AA==', 'lst1_+/+/']) {
      expect(parseTicket(text)).toHaveProperty('code', 'malformed');
    }
    expect(parseTicket('lst1_AA')).toEqual(Uint8Array.of(0));
  });

  it("brings back any bytes of any length up to a ticket's", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: MAX_TICKET_BYTES, size: 'max' }), (bytes) => {
        expect(formatTicket(bytes)).toBe(`lst1_${Buffer.from(bytes).toString('base64url')}`);
        expect(toHex(bytesOf(formatTicket(bytes)))).toBe(toHex(bytes));
      }),
    );
  });
});

describe("an issuer's public key", () => {
  it('has a text and a short id', () => {
    expect(toHex(KEY.publicKey)).toBe(vectors.publicKey);
    expect(formatIssuerKey(KEY.publicKey)).toBe(vectors.publicKeyText);
    expect(toHex(parseIssuerKey(` ${vectors.publicKeyText}\n`))).toBe(vectors.publicKey);
    expect(issuerKeyId(KEY.publicKey, sha256)).toBe(vectors.issuerId);
  });

  it('is refused as anything else than 32 bytes, with what is allowed', () => {
    const { publicKeyText } = vectors;
    for (const text of [
      '',
      'lsi1_',
      publicKeyText.slice(0, -1),
      `${publicKeyText}A`,
      publicKeyText.replace('lsi1', 'lsi2'),
      `${publicKeyText.slice(0, -1)}x`,
    ]) {
      expect(() => parseIssuerKey(text)).toThrow(expect.objectContaining({ code: 'ERR_SECURITY_ISSUER_KEY' }));
      expect(() => parseIssuerKey(text)).toThrow('lsi1_ and 43 characters of base64url, got ');
    }
    for (const key of [new Uint8Array(31), new Uint8Array(33)]) {
      expect(() => formatIssuerKey(key)).toThrow('has 32 bytes');
      expect(() => issuerKeyId(key, sha256)).toThrow('has 32 bytes');
    }
  });
});

describe('issuing', () => {
  it('refuses what a ticket cannot say, naming the field, what it allows and what it got', () => {
    const slips: [Partial<typeof ALICE>, string][] = [
      [{ id: '00' }, 'id must be 32 lower-case hexadecimal digits, got "00"'],
      [{ id: ALICE.id.toUpperCase() }, 'id must be'],
      [{ name: '' }, 'name must be 1 to 255 bytes of UTF-8'],
      [{ name: 'x'.repeat(256) }, 'name must be'],
      [{ name: '熊'.repeat(86) }, 'name must be'],
      [{ name: 'a\nb' }, 'got "a\\nb"'],
      [{ name: 'a\u202eb' }, 'name must be'],
      [{ name: '\ud800' }, 'name must be'],
      [{ issuedAt: -1 }, 'issuedAt must be a whole number from 0 to 281474976710655, got -1'],
      [{ issuedAt: 1.5 }, 'issuedAt must be'],
      [{ expiresAt: ALICE.issuedAt }, `expiresAt must be a whole number from ${ALICE.issuedAt + 1}`],
      [{ notBefore: ALICE.expiresAt }, `expiresAt must be a whole number from ${ALICE.expiresAt + 1}`],
      [{ expiresAt: 2 ** 48 }, 'expiresAt must be'],
      [{ expiresAt: Number.NaN }, 'expiresAt must be'],
      [{ maxSessions: 2 ** 32 }, 'maxSessions must be a whole number from 0 to 4294967295'],
      [{ ratePps: -1 }, 'ratePps must be'],
      [{ rateBps: 0.5 }, 'rateBps must be'],
    ];
    for (const [changes, says] of slips) {
      expect(() => issue(KEY, changes)).toThrow(expect.objectContaining({ code: 'ERR_SECURITY_TICKET_FIELD' }));
      expect(() => issue(KEY, changes)).toThrow(says);
    }
  });

  it('refuses functions that do not give what they should', () => {
    const wrong = expect.objectContaining({ code: 'ERR_SECURITY_PRIMITIVE_OUTPUT' });
    expect(() => issueTicket(ALICE, { publicKey: KEY.publicKey, sign: () => new Uint8Array(63) }, sha256)).toThrow(wrong);
    expect(() => issueTicket(ALICE, KEY, () => new Uint8Array(8))).toThrow(wrong);
    expect(() => new TicketVerifier({ issuers: [KEY.publicKey], verifyEd25519, sha256: () => new Uint8Array(8) })).toThrow(wrong);
  });
});
