import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KEEPALIVE_SLOT_MS, msUntilKeepalive } from '@lightspeed/control';

const LONGEST_MS = 20_000;
const SLACK_MS = 100;
const times = fc.record({
  nowMs: fc.double({ min: 0, max: 4e12, noNaN: true }),
  aheadMs: fc.double({ min: -1e9, max: 1e9, noNaN: true }),
  roundTripMs: fc.double({ min: 0, max: 5_000, noNaN: true }),
});

it('a keepalive comes in time, and not much earlier than it has to', () => {
  fc.assert(
    fc.property(times, (known) => {
      const ms = msUntilKeepalive({ ...known, longestMs: LONGEST_MS });
      expect(ms).toBeGreaterThan(LONGEST_MS + SLACK_MS - KEEPALIVE_SLOT_MS - 1);
      expect(ms).toBeLessThanOrEqual(LONGEST_MS + SLACK_MS);
    }),
  );
});

it('keepalives of clients whose clocks and ways differ arrive at the same moments of the node', () => {
  fc.assert(
    fc.property(times, ({ nowMs, aheadMs, roundTripMs }) => {
      const sentMs = nowMs + msUntilKeepalive({ nowMs, aheadMs, roundTripMs, longestMs: LONGEST_MS });
      const arrivesMs = sentMs + roundTripMs / 2 + aheadMs;
      const besideMs = Math.abs(arrivesMs - Math.round(arrivesMs / KEEPALIVE_SLOT_MS) * KEEPALIVE_SLOT_MS);
      expect(besideMs).toBeLessThan(1);
    }),
  );
});

it('a keepalive that is needed sooner than the next moment is sent at once', () => {
  expect(msUntilKeepalive({ nowMs: 4_000, aheadMs: 0, roundTripMs: 0, longestMs: 500 })).toBe(0);
});

it.each([-SLACK_MS / 2, 0, SLACK_MS / 2])('a timer that is %d ms beside its moment leaves the next one where it was', (besideMs) => {
  const nowMs = 50_000 + besideMs;
  expect(nowMs + msUntilKeepalive({ nowMs, aheadMs: 0, roundTripMs: 0, longestMs: LONGEST_MS })).toBe(70_000);
});
