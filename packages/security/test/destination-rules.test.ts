import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SecurityError, formatDestinationRule, parseDestinationRule } from '@lightspeed/security';
import vectors from './vectors/destination-rules.json' with { type: 'json' };

function errorOf(text: string): unknown {
  try {
    parseDestinationRule(text);
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('a destination rule', () => {
  for (const { text, rule } of vectors.valid) {
    it(`is parsed and written again: ${text}`, () => {
      expect(parseDestinationRule(text)).toEqual(rule);
      expect(formatDestinationRule(rule)).toBe(text);
    });
  }

  for (const { text, code, says } of vectors.invalid) {
    it(`is refused with what was got and what is allowed: ${JSON.stringify(text)}`, () => {
      const error = errorOf(text);
      if (!(error instanceof SecurityError)) throw new Error(`not refused: ${text}`);
      expect(error.code).toBe(code);
      expect(error.message).toContain(says);
      expect(error.message).toContain(`destination rule ${JSON.stringify(text)}`);
      expect(error.message).toContain('for example 203.0.113.0/24:27000-27100');
    });
  }

  it('with all ports is written without them', () => {
    expect(formatDestinationRule(parseDestinationRule('192.0.2.0/24:1-65535'))).toBe('192.0.2.0/24');
  });

  it('comes back from its written form, whatever it is', () => {
    const port = fc.integer({ min: 1, max: 0xffff });
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 32 }), port, port, (ip, prefixLength, a, b) => {
        const size = 2 ** (32 - prefixLength);
        const network = Math.floor((ip >>> 0) / size) * size;
        const rule = { network, prefixLength, lowPort: Math.min(a, b), highPort: Math.max(a, b) };
        expect(parseDestinationRule(formatDestinationRule(rule))).toEqual(rule);
      }),
    );
  });

  it('is a rule or a coded error, for any text', () => {
    const nearly = fc.string({ unit: fc.constantFrom(...'0123456789./:- '), maxLength: 30 });
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearly), (text) => {
        const error = errorOf(text);
        if (error !== undefined) {
          expect(error).toBeInstanceOf(SecurityError);
          expect(error).toHaveProperty('code', expect.stringMatching(/^ERR_SECURITY_RULE_/));
        }
      }),
    );
  });
});
