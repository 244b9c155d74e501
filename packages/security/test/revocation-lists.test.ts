import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SecurityError, formatRevocation, parseRevocationList } from '@lightspeed/security';
import { toHex } from './hex.ts';

const A = 'a0'.repeat(16);
const B = '0123456789abcdef'.repeat(2);

describe('a revocation list', () => {
  it('has an id a line, comments, empty lines, and white space where it does not matter', () => {
    const text = `\uFEFF# tickets that do not count any more\r\n\r\n${A}\r\n  ${B.toUpperCase()}\t# lost # twice\n#${'c'.repeat(32)}\n`;
    expect([...parseRevocationList(text)]).toEqual([A, B]);
  });

  it("may be empty, and may lack the last line's end", () => {
    expect(parseRevocationList('').size).toBe(0);
    expect([...parseRevocationList(`${A}\n${B}`)]).toEqual([A, B]);
  });

  it("with a line that is no id is refused with the line's number and what it says", () => {
    const wrong: [string, string][] = [
      [`${A}\nnonsense\n`, 'line 2: a ticket id is 32 hexadecimal digits, got "nonsense"'],
      [`\n\n${A}${A}`, 'line 3: '],
      [`${A} ${B}`, 'line 1: '],
      [`lst1_AAAA`, 'line 1: '],
      [`${A}, ${B}`, 'line 1: '],
    ];
    for (const [text, says] of wrong) {
      expect(() => parseRevocationList(text)).toThrow(expect.objectContaining({ code: 'ERR_SECURITY_REVOCATION_LINE' }));
      expect(() => parseRevocationList(text)).toThrow(says);
    }
  });

  it('that is cut within an id is refused, so that nobody takes it for a shorter one', () => {
    for (let length = 1; length < 32; length++) {
      expect(() => parseRevocationList(`${A}\n${B.slice(0, length)}`)).toThrow('line 2');
    }
  });

  it('is a set of ids or an error with a line number, for any text', () => {
    const pieces = fc.constantFrom(A, B, '#', '\n', '\r\n', ' ', 'g', A.slice(1));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((parts) => parts.join('')),
        ),
        (text) => {
          try {
            for (const id of parseRevocationList(text)) expect(id).toMatch(/^[0-9a-f]{32}$/);
          } catch (error) {
            if (!(error instanceof SecurityError)) throw error;
            expect(error.message).toMatch(/line \d+/);
          }
        },
      ),
    );
  });
});

describe('a line that revokes', () => {
  it('is read again as the id, whatever the comment says', () => {
    const id = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(toHex);
    const breaking = fc.array(fc.constantFrom('\n', '\r', '\u2028', '\u0085', '\0', '#', A, 'word')).map((parts) => parts.join(''));
    fc.assert(
      fc.property(id, fc.oneof(fc.string(), breaking), (id, comment) => {
        const line = formatRevocation(id, comment);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect([...parseRevocationList(line + formatRevocation(A))]).toEqual([...new Set([id, A])]);
      }),
    );
  });

  it('keeps its comment on the line', () => {
    expect(formatRevocation(A, ' bob,\n2026-11-22 ')).toBe(`${A} # bob, 2026-11-22\n`);
    expect([formatRevocation(A), formatRevocation(A, '\n')]).toEqual([`${A}\n`, `${A}\n`]);
  });

  it('is not made for what is no id', () => {
    for (const id of ['', A.toUpperCase(), `${A}0`, '../etc']) {
      expect(() => formatRevocation(id)).toThrow(expect.objectContaining({ code: 'ERR_SECURITY_TICKET_FIELD' }));
    }
  });
});
