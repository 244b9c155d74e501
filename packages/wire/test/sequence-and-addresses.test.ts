import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DROP_REASON_COUNT,
  DROP_REASON_NAMES,
  DropReason,
  formatEndpoint,
  formatIpv4,
  nextSequence,
  parseEndpoint,
  parseIpv4,
  sequenceDelta,
} from '@lightspeed/wire';

describe('sequence arithmetic', () => {
  it('measures any distance under half the circle, across the wrap', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: -32_768, max: 32_767 }), (from, distance) => {
        expect(sequenceDelta((from + distance) & 0xffff, from)).toBe(distance);
      }),
    );
  });

  it('goes from 65,535 to 0', () => {
    expect([nextSequence(0), nextSequence(0xfffe), nextSequence(0xffff)]).toEqual([1, 0xffff, 0]);
  });
});

describe('addresses', () => {
  it('come back from their text, in signed and in unsigned form', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), fc.integer({ min: 0, max: 0xffff }), (ip, port) => {
        expect(parseIpv4(formatIpv4(ip))).toBe(ip);
        expect(formatIpv4(ip | 0)).toBe(formatIpv4(ip));
        expect(parseEndpoint(formatEndpoint(ip, port))).toEqual({ ip, port });
      }),
    );
  });

  it('are refused in any other form', () => {
    for (const text of ['', '1.2.3', '1.2.3.4.5', '256.0.0.1', '01.2.3.4', '1.2.3.4 ', '0x1.2.3.4', '1..2.3', 'localhost', '::1']) {
      expect(parseIpv4(text), text).toBeUndefined();
    }
    for (const text of ['1.2.3.4', '1.2.3.4:', '1.2.3.4:65536', '1.2.3.4:-1', ':80', '1.2.3:80', '1.2.3.4:+1']) {
      expect(parseEndpoint(text), text).toBeUndefined();
    }
  });
});

describe('drop reasons', () => {
  it('have distinct numbers below the count, and a name each', () => {
    const reasons = Object.values(DropReason);
    expect(new Set(reasons).size).toBe(reasons.length);
    expect(Math.max(...reasons)).toBe(DROP_REASON_COUNT - 1);
    expect(Math.min(...reasons)).toBe(1);
    expect(reasons.map((reason) => DROP_REASON_NAMES[reason])).toContain('destination_denied');
    expect(reasons.every((reason) => /^[a-z_]+$/.test(DROP_REASON_NAMES[reason] ?? ''))).toBe(true);
  });
});
