import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUILT_IN_DENIALS, DestinationPolicy, SecurityError, formatDestinationRule, parseDestinationRule } from '@lightspeed/security';
import type { DestinationRule } from '@lightspeed/security';
import { DropReason, parseIpv4 } from '@lightspeed/wire';
import vectors from './vectors/destinations.json' with { type: 'json' };

function ip(text: string): number {
  const parsed = parseIpv4(text);
  if (parsed === undefined) throw new Error(`the test has a bad address: ${text}`);
  return parsed;
}

function policy(options: { allow?: string[]; deny?: string[]; own?: string[]; onlyAllowed?: boolean } = {}): DestinationPolicy {
  return new DestinationPolicy({
    allow: (options.allow ?? []).map(parseDestinationRule),
    deny: (options.deny ?? []).map(parseDestinationRule),
    ownAddresses: (options.own ?? []).map(ip),
    onlyAllowed: options.onlyAllowed,
  });
}

describe('a policy that opens nothing by itself', () => {
  it('relays to what the allow list covers, if the deny list does not, and to nothing else', () => {
    const only = policy({ allow: ['203.0.113.0/24:27015', '10.0.0.0/8'], deny: ['10.1.0.0/16'], onlyAllowed: true });
    expect(only.verdict(ip('203.0.113.9'), 27015)).toBe(0);
    expect(only.verdict(ip('10.2.0.1'), 1)).toBe(0);
    expect(only.verdict(ip('10.1.0.1'), 1)).toBe(DropReason.destinationDenied);
    expect(only.verdict(ip('203.0.113.9'), 27016)).toBe(DropReason.destinationDenied);
    expect(only.verdict(ip('8.8.8.8'), 27015)).toBe(DropReason.destinationDenied);
    expect(only.explain(ip('8.8.8.8'), 53)).toBe('denied: the allow list does not cover it, and nothing else is open (8.8.8.8:53)');
  });
});

describe("the node's own machine", () => {
  const OWN_PORT = 4434;
  const own = (ownAddresses: readonly number[]) => {
    return new DestinationPolicy({ allow: [parseDestinationRule('0.0.0.0/0')], ownPorts: [OWN_PORT, 4433], ownAddresses });
  };

  it("closes the node's own ports on it, whatever is allowed, and no others", () => {
    const open = own([ip('198.51.100.7')]);
    for (const address of ['127.0.0.1', '127.9.9.9', '0.0.0.0', '198.51.100.7']) {
      for (const pattern of [ip(address), ip(address) | 0]) {
        expect(open.verdict(pattern, OWN_PORT)).toBe(DropReason.destinationDenied);
        expect(open.verdict(pattern, 4433)).toBe(DropReason.destinationDenied);
        expect(open.explain(pattern, OWN_PORT)).toMatch(/^denied: one of the node's own ports/);
        expect(open.verdict(pattern, 27015)).toBe(0);
      }
    }
    expect(open.verdict(ip('198.51.100.8'), OWN_PORT)).toBe(0);
  });

  it('is followed as its addresses come and go', () => {
    const open = own([]);
    const builtIn = policy({ own: ['5.5.5.4'] });
    expect([open.verdict(ip('5.5.5.5'), OWN_PORT), builtIn.verdict(ip('5.5.5.5'), 27015)]).toEqual([0, 0]);
    for (const one of [open, builtIn]) one.setOwnAddresses([ip('5.5.5.5')]);
    const denied = DropReason.destinationDenied;
    expect([open.verdict(ip('5.5.5.5'), OWN_PORT), builtIn.verdict(ip('5.5.5.5'), 27015)]).toEqual([denied, denied]);
    expect(builtIn.verdict(ip('5.5.5.4'), 27015)).toBe(0);
    expect(() => builtIn.setOwnAddresses([2 ** 32])).toThrow(SecurityError);
    expect(builtIn.verdict(ip('5.5.5.5'), 27015)).toBe(denied);
  });
});

it('the operator’s rules can be exchanged, and the node’s own ports stay closed', () => {
  const exchanged = new DestinationPolicy({ ownPorts: [4434] });
  const target = ip('6.6.6.6');
  expect(exchanged.verdict(target, 27015)).toBe(0);
  exchanged.setRules({ deny: [parseDestinationRule('6.6.6.6/32')] });
  expect(exchanged.verdict(target, 27015)).toBe(DropReason.destinationDenied);
  exchanged.setRules({ allow: [parseDestinationRule('6.6.6.6/32')], onlyAllowed: true });
  expect([exchanged.verdict(target, 27015), exchanged.verdict(ip('6.6.6.7'), 27015)]).toEqual([0, DropReason.destinationDenied]);
  exchanged.setRules({ allow: [parseDestinationRule('127.0.0.0/8')] });
  expect([exchanged.verdict(ip('127.0.0.1'), 4434), exchanged.verdict(ip('127.0.0.1'), 27015)]).toEqual([DropReason.destinationDenied, 0]);
});

describe('the built-in denials', () => {
  const builtIn = policy();

  it.each(vectors.denied)('deny %s: %s', (address, name) => {
    for (const pattern of [ip(address), ip(address) | 0]) {
      expect(builtIn.verdict(pattern, 27015)).toBe(DropReason.destinationDenied);
      expect(builtIn.explain(pattern, 27015)).toContain(name);
    }
  });

  it.each(vectors.open)('leave %s open', (address) => {
    expect(builtIn.verdict(ip(address), 27015)).toBe(0);
    expect(builtIn.verdict(ip(address) | 0, 1)).toBe(0);
    expect(builtIn.verdict(ip(address), 65535)).toBe(0);
  });

  it('have an address at both edges of each network among the vectors', () => {
    const tested = new Set(vectors.denied.map(([address]) => ip(address)));
    for (const { network, prefixLength, name } of BUILT_IN_DENIALS) {
      const last = network + 2 ** (32 - prefixLength) - 1;
      expect(tested, name).toContain(network);
      // The last reserved address is the broadcast address.
      expect(tested, name).toContain(last);
    }
  });

  it('deny port 0 everywhere, even where everything is allowed', () => {
    expect(policy().verdict(ip('8.8.8.8'), 0)).toBe(DropReason.destinationDenied);
    expect(policy().explain(ip('8.8.8.8'), 0)).toBe('denied by default: port 0 names no program (8.8.8.8:0)');
    expect(policy({ allow: ['0.0.0.0/0'] }).verdict(ip('8.8.8.8'), 0)).toBe(DropReason.destinationDenied);
  });

  it("deny the node's own addresses on every port", () => {
    const own = policy({ own: ['8.8.8.8', '192.88.98.1'] });
    for (const port of [1, 4434, 65535]) expect(own.verdict(ip('192.88.98.1') | 0, port)).toBe(DropReason.destinationDenied);
    expect(own.verdict(ip('8.8.8.9'), 53)).toBe(0);
    expect(own.explain(ip('8.8.8.8'), 53)).toBe("denied by default: one of the node's own addresses (8.8.8.8:53)");
  });
});

describe("the operator's lists", () => {
  it('come before the built-in denials, the deny list before the allow list', () => {
    const listed = policy({
      allow: ['127.0.0.0/8', '8.8.8.0/24'],
      deny: ['127.0.0.1/32:4434', '8.8.8.8/32', '1.1.1.1/32'],
      own: ['127.0.0.1'],
    });
    const verdicts = ['127.0.0.1:27015', '127.0.0.1:4434', '8.8.8.8:53', '8.8.8.9:53', '1.1.1.1:53', '10.0.0.1:53'].map((text) => {
      const [address, port] = text.split(':');
      return [text, listed.verdict(ip(address), Number(port))];
    });
    expect(verdicts).toEqual([
      ['127.0.0.1:27015', 0],
      ['127.0.0.1:4434', DropReason.destinationDenied],
      ['8.8.8.8:53', DropReason.destinationDenied],
      ['8.8.8.9:53', 0],
      ['1.1.1.1:53', DropReason.destinationDenied],
      ['10.0.0.1:53', DropReason.destinationDenied],
    ]);
  });

  it('are named by the rule that decided', () => {
    const listed = policy({ allow: ['10.0.0.0/8:27000-27100'], deny: ['8.8.8.8/32'] });
    expect(listed.explain(ip('10.1.2.3'), 27050)).toBe("allowed by the allow list's 10.0.0.0/8:27000-27100 (10.1.2.3:27050)");
    expect(listed.explain(ip('10.1.2.3'), 80)).toBe('denied by default: 10.0.0.0/8 is private, RFC 1918 (10.1.2.3:80)');
    expect(listed.explain(ip('8.8.8.8'), 80)).toBe("denied by the deny list's 8.8.8.8/32 (8.8.8.8:80)");
    expect(listed.explain(ip('8.8.4.4'), 80)).toBe('allowed: no rule covers it (8.8.4.4:80)');
  });

  it('cover the first and the last port of a range and none beside it', () => {
    const ranged = policy({ deny: ['0.0.0.0/0:100-200'] });
    expect([99, 100, 200, 201].map((port) => ranged.verdict(ip('8.8.8.8'), port) === 0)).toEqual([true, false, false, true]);
  });

  it('are not changed by what happens to the arrays afterwards', () => {
    const deny = [parseDestinationRule('8.8.8.8/32')];
    const kept = new DestinationPolicy({ deny });
    deny.pop();
    expect(kept.explain(ip('8.8.8.8'), 1)).toContain('deny list');
  });
});

/** The same question asked of bit strings. */
function covers(rule: DestinationRule, address: number, port: number): boolean {
  const bits = (value: number): string => value.toString(2).padStart(32, '0').slice(0, rule.prefixLength);
  return bits(rule.network) === bits(address) && port >= rule.lowPort && port <= rule.highPort;
}

it('any lists decide as their order says, and explain agrees with the verdict', () => {
  // Few bits in play, so that rules and destinations meet.
  const address = fc.integer({ min: 0, max: 255 }).map((bits) => ((bits & 0xf0) * 2 ** 24 + (bits & 0x0f)) >>> 0);
  const port = fc.integer({ min: 0, max: 5 });
  const parts = fc.tuple(address, fc.integer({ min: 0, max: 32 }), fc.integer({ min: 1, max: 5 }), fc.nat({ max: 3 }));
  const rule = parts.map(([address, prefixLength, lowPort, more]) => {
    const size = 2 ** (32 - prefixLength);
    return { network: Math.floor(address / size) * size, prefixLength, lowPort, highPort: lowPort + more };
  });
  const rules = fc.array(rule, { maxLength: 4 });
  const ownLists = fc.array(address, { maxLength: 2 });
  const destinations = fc.array(fc.tuple(address, port), { maxLength: 20 });
  fc.assert(
    fc.property(rules, rules, ownLists, destinations, (allow, deny, ownAddresses, asked) => {
      const listed = new DestinationPolicy({ allow, deny, ownAddresses });
      for (const [to, port] of asked) {
        const isIn = (rules: readonly DestinationRule[]): boolean => rules.some((each) => covers(each, to, port));
        const denied = isIn(deny) || (!isIn(allow) && (port === 0 || isIn(BUILT_IN_DENIALS) || ownAddresses.includes(to)));
        expect(listed.verdict(to | 0, port)).toBe(denied ? DropReason.destinationDenied : 0);
        expect(listed.explain(to, port).startsWith(denied ? 'denied' : 'allowed')).toBe(true);
      }
    }),
  );
});

it('a policy refuses an own address that is no 32-bit number', () => {
  for (const wrong of [2 ** 32, -(2 ** 31) - 1, 0.5, Number.NaN]) {
    expect(() => new DestinationPolicy({ ownAddresses: [wrong] })).toThrow(SecurityError);
  }
});

it('the built-in denials are all written as networks', () => {
  for (const denial of BUILT_IN_DENIALS) expect(parseDestinationRule(formatDestinationRule(denial)).network).toBe(denial.network);
});
