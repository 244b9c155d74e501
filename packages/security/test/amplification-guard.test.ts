import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AmplificationGuard, SecurityError } from '@lightspeed/security';

const traffic = fc.array(fc.record({ direction: fc.constantFrom('in', 'out'), bytes: fc.integer({ min: 0, max: 1_500 }) }), {
  maxLength: 200,
});

const allowances = fc.integer({ min: 0, max: 5_000 });
const ratios = fc.double({ min: 0, max: 4, noNaN: true });

describe('amplification towards an address that is not verified', () => {
  it('stays within the allowance or the ratio after every packet, and sends whatever fits', () => {
    fc.assert(
      fc.property(traffic, allowances, ratios, (packets, allowanceBytes, maxRatio) => {
        const guard = new AmplificationGuard(1, { maxRatio, allowanceBytes });
        guard.reset(0);
        let inBytes = 0;
        let outBytes = 0;
        for (const { direction, bytes } of packets) {
          if (direction === 'in') {
            guard.received(0, bytes);
            inBytes += bytes;
          } else {
            const fits = outBytes + bytes <= Math.max(allowanceBytes, maxRatio * inBytes);
            expect(guard.allowSend(0, bytes)).toBe(fits);
            if (fits) outBytes += bytes;
          }
          expect(outBytes).toBeLessThanOrEqual(Math.max(allowanceBytes, maxRatio * inBytes));
          expect([guard.bytesIn(0), guard.bytesOut(0)]).toEqual([inBytes, outBytes]);
        }
      }),
    );
  });

  it('is 10,000 bytes and then twice what came in, by default', () => {
    const guard = new AmplificationGuard(1);
    guard.reset(0);
    for (let i = 0; i < 10; i++) expect(guard.allowSend(0, 1_000)).toBe(true);
    expect(guard.allowSend(0, 1)).toBe(false);
    guard.received(0, 5_000);
    expect(guard.allowSend(0, 1)).toBe(false);
    guard.received(0, 500);
    expect(guard.allowSend(0, 1_000)).toBe(true);
    expect(guard.allowSend(0, 1)).toBe(false);
  });

  it('is not eased by bytes that go out, only by bytes that come in', () => {
    const guard = new AmplificationGuard(1, { allowanceBytes: 0, maxRatio: 1 });
    guard.reset(0);
    guard.received(0, 100);
    expect(guard.allowSend(0, 100)).toBe(true);
    for (let i = 0; i < 100; i++) expect(guard.allowSend(0, 1)).toBe(false);
    expect(guard.bytesOut(0)).toBe(100);
  });

  it('is nothing at all for a slot that does not exist', () => {
    const guard = new AmplificationGuard(1, { allowanceBytes: 0 });
    expect(guard.allowSend(1, 1)).toBe(false);
    expect(new AmplificationGuard(1).allowSend(1, 1)).toBe(false);
  });
});

describe('amplification towards a verified session', () => {
  it('is measured and not limited by default', () => {
    const guard = new AmplificationGuard(2);
    guard.reset(0);
    guard.reset(1);
    guard.setVerified(0);
    guard.received(0, 100);
    for (let i = 0; i < 100; i++) expect(guard.allowSend(0, 1_000)).toBe(true);
    expect([guard.isVerified(0), guard.isVerified(1)]).toEqual([true, false]);
    expect([guard.ratio(0), guard.ratio(1)]).toEqual([1_000, 0]);
  });

  it('keeps to its own ratio where one is set', () => {
    const guard = new AmplificationGuard(1, { allowanceBytes: 100, maxRatio: 2, verifiedMaxRatio: 10 });
    guard.reset(0);
    guard.received(0, 50);
    guard.setVerified(0);
    expect(guard.allowSend(0, 500)).toBe(true);
    expect(guard.allowSend(0, 1)).toBe(false);
  });

  it('is unverified, uncounted and limited again after the slot is reset', () => {
    const guard = new AmplificationGuard(1, { allowanceBytes: 10 });
    guard.reset(0);
    guard.received(0, 1_000);
    guard.setVerified(0);
    guard.allowSend(0, 5_000);
    guard.reset(0);
    expect([guard.isVerified(0), guard.bytesIn(0), guard.bytesOut(0), guard.ratio(0)]).toEqual([false, 0, 0, 0]);
    expect(guard.allowSend(0, 11)).toBe(false);
  });

  it('has an infinite ratio if nothing ever came', () => {
    const guard = new AmplificationGuard(1);
    guard.reset(0);
    guard.allowSend(0, 1);
    expect(guard.ratio(0)).toBe(Infinity);
  });
});

it('an amplification guard holds what was counted to another ratio', () => {
  const guard = new AmplificationGuard(1, { maxRatio: 2, allowanceBytes: 0 });
  guard.reset(0);
  guard.received(0, 100);
  guard.setMaxRatio(1);
  expect([guard.allowSend(0, 100), guard.allowSend(0, 1)]).toEqual([true, false]);
  expect(() => guard.setMaxRatio(-1)).toThrow(SecurityError);
});

it('an amplification guard refuses options out of range when it is made', () => {
  const bad = [{ maxRatio: -1 }, { maxRatio: Number.NaN }, { allowanceBytes: -1 }, { allowanceBytes: 0.5 }, { verifiedMaxRatio: Infinity }];
  for (const options of bad) expect(() => new AmplificationGuard(1, options)).toThrow(SecurityError);
  expect(() => new AmplificationGuard(0)).toThrow('capacity');
});
