import { expect, test } from 'vitest';
import type { SentDatagram } from './capture/figures/meter-main.ts';
import { newFlowsPassMs, outageOf } from './capture/figures/outage.ts';

const END_MS = 10_000;

/** One datagram every 10 ms from a second before the end to two after it, each answered at once unless it was sent in a gap. */
function sent(gapFromMs: number, gapToMs: number): SentDatagram[] {
  return Array.from({ length: 300 }, (_, index) => {
    const sentMs = END_MS - 1_000 + index * 10;
    return sentMs >= gapFromMs && sentMs < gapToMs ? { sentMs } : { sentMs, answeredMs: sentMs };
  });
}

test('an outage is the share that was lost in the second after the end, and the longest silence', () => {
  expect(outageOf(sent(END_MS, END_MS + 50), END_MS)).toEqual({ lostShare: 0.05, silentMs: 60 });
  expect(outageOf(sent(END_MS, END_MS), END_MS)).toEqual({ lostShare: 0, silentMs: 10 });
});

test('what was lost or silent before the end does not count', () => {
  expect(outageOf(sent(END_MS - 500, END_MS - 100), END_MS)).toEqual({ lostShare: 0, silentMs: 10 });
});

test('a flow that never comes back is silent for ever', () => {
  expect(outageOf(sent(END_MS - 20, Infinity), END_MS)).toEqual({ lostShare: 1, silentMs: Infinity });
});

test('new flows pass from the first on that passed like all after it', () => {
  const after = (ms: number) => sent(END_MS, END_MS + ms).filter(({ sentMs }) => sentMs >= END_MS);
  expect(newFlowsPassMs(after(0), END_MS)).toBe(0);
  expect(newFlowsPassMs(after(120), END_MS)).toBe(120);
  expect(newFlowsPassMs(after(Infinity), END_MS)).toBe(Infinity);
});
