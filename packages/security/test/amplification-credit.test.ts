import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AmplificationCredit, UNVALIDATED_RATIO } from '@lightspeed/security';

const traffic = fc.array(fc.record({ direction: fc.constantFrom('in', 'out'), bytes: fc.integer({ min: 0, max: 9_000 }) }), {
  maxLength: 200,
});

/** What a datagram weighs on a link with packets of 1,500 bytes: each fragment has an IP header, the first one a UDP header too. */
function onWire(bytes: number, ipHeader: number): number {
  const room = (1_500 - ipHeader) & ~7;
  return bytes + 8 + ipHeader * Math.ceil((bytes + 8) / room);
}

describe('what may go to an address that may be forged', () => {
  for (const [family, isIpv6, ipHeader] of [
    ['IPv4', false, 20],
    ['IPv6', true, 40],
  ] as const) {
    it(`never weighs more on the wire than three times what came from there: ${family}`, () => {
      fc.assert(
        fc.property(traffic, (packets) => {
          const credit = new AmplificationCredit(isIpv6, UNVALIDATED_RATIO);
          let inBytes = 0;
          let outBytes = 0;
          for (const { direction, bytes } of packets) {
            if (direction === 'in') {
              // It may have come in one packet of a link that takes longer ones, or in fragments.
              credit.received(bytes);
              inBytes += bytes + 8 + ipHeader;
            } else if (credit.allowSend(bytes)) {
              outBytes += onWire(bytes, ipHeader);
            }
          }
          // All that is left, to the last byte.
          for (const bytes of [1_399, 300, 60, 10, 3, 1, 0]) while (credit.allowSend(bytes)) outBytes += onWire(bytes, ipHeader);
          expect(outBytes).toBeLessThanOrEqual(UNVALIDATED_RATIO * inBytes);
        }),
      );
    });
  }

  it('is what the ratio says, to the byte, and nothing before anything came', () => {
    const credit = new AmplificationCredit(false, 8);
    expect(credit.allowSend(0)).toBe(false);
    credit.received(72);
    expect(credit.allowSend(773)).toBe(false);
    expect(credit.allowSend(772)).toBe(true);
    expect(credit.allowSend(0)).toBe(false);
  });

  it('is anything once the limit has ended, and goes on from what is left when the ratio changes', () => {
    const credit = new AmplificationCredit(false, UNVALIDATED_RATIO);
    credit.received(72);
    credit.setRatio(8);
    expect(credit.allowSend(273)).toBe(false);
    credit.received(72);
    expect(credit.allowSend(1_072)).toBe(true);
    credit.setRatio(0);
    for (let i = 0; i < 100; i++) expect(credit.allowSend(60_000)).toBe(true);
  });

  it('never grows beyond what a small integer holds', () => {
    const credit = new AmplificationCredit(false, 1_000);
    for (let i = 0; i < 100; i++) credit.received(60_000);
    let sent = 0;
    while (credit.allowSend(60_000)) sent += 60_000;
    expect(sent).toBeLessThan(2 ** 30);
  });
});
