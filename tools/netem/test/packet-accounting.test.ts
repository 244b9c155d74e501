import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Netem } from '@lightspeed/netem';
import type { Impairments, NetemStats } from '@lightspeed/netem';

const probability = fc.double({ min: 0, max: 1, noNaN: true });
const impairments: fc.Arbitrary<Impairments> = fc
  .record({
    loss: probability,
    burst: fc.option(fc.record({ goodToBad: probability, badToGood: probability, lossInBad: probability, lossInGood: probability }), {
      nil: undefined,
    }),
    delayMs: fc.double({ min: 0.5, max: 100, noNaN: true }),
    jitterMs: fc.double({ min: 0, max: 100, noNaN: true }),
    keepOrder: fc.boolean(),
    reorder: probability,
    duplicate: probability,
    limit: fc.option(fc.record({ rateBps: fc.integer({ min: 100, max: 1e6 }), queueBytes: fc.integer({ min: 1, max: 5000 }) }), {
      nil: undefined,
    }),
  })
  .map(({ limit, ...rest }) => ({ ...rest, ...limit }));
const sends = fc.array(fc.record({ gapMs: fc.double({ min: 0, max: 20, noNaN: true }), size: fc.nat(1500) }), { maxLength: 200 });

function balance(stats: NetemStats): number {
  const { sent, duplicated, delivered, lostRandom, lostBurst, lostQueue, inFlight } = stats;
  return sent + duplicated - delivered - lostRandom - lostBurst - lostQueue - inFlight;
}

function run(seed: number, options: Impairments, plan: readonly { gapMs: number; size: number }[]): [number, number][] {
  const netem = new Netem<number>({ seed, ...options });
  const arrivals: [number, number][] = [];
  let nowMs = 0;
  plan.forEach(({ gapMs, size }, number) => {
    nowMs += gapMs;
    for (let due = netem.nextDeliveryMs(); due !== undefined && due <= nowMs; due = netem.nextDeliveryMs()) {
      const packet = netem.deliver(due);
      if (packet !== undefined) arrivals.push([due, packet]);
      expect(balance(netem.stats)).toBe(0);
    }
    netem.send(number, size, nowMs);
    expect(balance(netem.stats)).toBe(0);
    expect(netem.pending).toBe(netem.stats.inFlight);
  });
  for (let due = netem.nextDeliveryMs(); due !== undefined; due = netem.nextDeliveryMs()) {
    const packet = netem.deliver(due);
    if (packet !== undefined) arrivals.push([due, packet]);
  }
  expect(balance(netem.stats)).toBe(0);
  expect(netem.stats).toMatchObject({ inFlight: 0, sent: plan.length, delivered: arrivals.length });
  return arrivals;
}

test('sent and duplicated packets are delivered, lost or in flight at any time', () => {
  fc.assert(fc.property(fc.integer(), impairments, sends, (seed, options, plan) => void run(seed, options, plan)));
});

test('deliveries come in the order of their times, none before it was sent, none more than twice', () => {
  fc.assert(
    fc.property(fc.integer(), impairments, sends, (seed, options, plan) => {
      const sentMs: number[] = [];
      plan.reduce((nowMs, { gapMs }) => (sentMs.push(nowMs + gapMs), nowMs + gapMs), 0);
      const copies = new Map<number, number>();
      let lastMs = 0;
      for (const [dueMs, packet] of run(seed, options, plan)) {
        expect(dueMs).toBeGreaterThanOrEqual(lastMs);
        expect(dueMs).toBeGreaterThanOrEqual(sentMs[packet] ?? Infinity);
        copies.set(packet, (copies.get(packet) ?? 0) + 1);
        lastMs = dueMs;
      }
      expect(Math.max(0, ...copies.values())).toBeLessThanOrEqual(2);
    }),
  );
});

test('the same seed, options and calls give the same deliveries', () => {
  fc.assert(
    fc.property(fc.integer(), impairments, sends, (seed, options, plan) => {
      expect(run(seed, options, plan)).toEqual(run(seed, options, plan));
    }),
  );
});
