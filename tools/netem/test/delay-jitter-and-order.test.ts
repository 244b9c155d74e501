import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Netem } from '@lightspeed/netem';
import type { NetemOptions } from '@lightspeed/netem';

/** Sends `count` packets a millisecond apart; the time and number of each arrival. */
function arrivals(options: NetemOptions, count: number): { dueMs: number; packet: number }[] {
  const netem = new Netem<number>(options);
  for (let number = 0; number < count; number += 1) netem.send(number, 100, number);
  const result = [];
  for (let dueMs = netem.nextDeliveryMs(); dueMs !== undefined; dueMs = netem.nextDeliveryMs()) {
    const packet = netem.deliver(dueMs);
    if (packet !== undefined) result.push({ dueMs, packet });
  }
  return result;
}

const isSorted = (packets: readonly { packet: number }[]): boolean =>
  packets.every(({ packet }, at) => at === 0 || packet >= (packets[at - 1]?.packet ?? Infinity));

test('a packet arrives exactly after the delay, and not a moment before', () => {
  const netem = new Netem<string>({ seed: 1, delayMs: 25 });
  netem.send('a', 100, 1000);
  expect(netem.nextDeliveryMs()).toBe(1025);
  expect(netem.deliver(1024.999)).toBeUndefined();
  expect(netem.deliver(1025)).toBe('a');
  expect(netem.nextDeliveryMs()).toBeUndefined();
  expect(netem.deliver(5000)).toBeUndefined();
});

test('without any option a packet arrives at once', () => {
  const netem = new Netem<string>({ seed: 1 });
  netem.send('a', 100, 7);
  expect(netem.deliver(7)).toBe('a');
});

test('packets that are due at the same time come in the order of sending', () => {
  const netem = new Netem<number>({ seed: 1, delayMs: 10 });
  for (let number = 0; number < 100; number += 1) netem.send(number, 100, 0);
  const order = [];
  for (let packet = netem.deliver(10); packet !== undefined; packet = netem.deliver(10)) order.push(packet);
  expect(order).toEqual(Array.from({ length: 100 }, (_, number) => number));
});

describe('jitter', () => {
  test('adds between 0 and jitterMs, evenly', () => {
    const added = arrivals({ seed: 3, delayMs: 50, jitterMs: 20 }, 20_000).map(({ dueMs, packet }) => dueMs - packet - 50);
    expect(Math.min(...added)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...added)).toBeLessThan(20);
    const mean = added.reduce((sum, value) => sum + value, 0) / added.length;
    expect(mean).toBeGreaterThan(9.8);
    expect(mean).toBeLessThan(10.2);
    const below = added.filter((value) => value < 5).length;
    expect(Math.abs(below - 5000)).toBeLessThan(250);
  });

  test('above the gap between packets reorders them', () => {
    expect(isSorted(arrivals({ seed: 3, jitterMs: 20 }, 100))).toBe(false);
  });

  test('never reorders when order is to be kept', () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0, max: 500, noNaN: true }), (seed, jitterMs) => {
        const kept = arrivals({ seed, delayMs: 5, jitterMs, keepOrder: true, loss: 0.1, duplicate: 0.1 }, 200);
        expect(isSorted(kept)).toBe(true);
      }),
    );
  });
});

describe('reorder', () => {
  test('delivers its share of packets at once, ahead of those under way', () => {
    const early = arrivals({ seed: 6, delayMs: 40, reorder: 0.1 }, 10_000).filter(({ dueMs, packet }) => dueMs === packet);
    expect(Math.abs(early.length - 1000)).toBeLessThan(120);
  });

  test('works beside keepOrder, which is about jitter only', () => {
    const all = arrivals({ seed: 6, delayMs: 40, jitterMs: 30, reorder: 0.1, keepOrder: true }, 1000);
    expect(isSorted(all)).toBe(false);
    expect(isSorted(all.filter(({ dueMs, packet }) => dueMs !== packet))).toBe(true);
  });

  test('is counted as the packets that arrive after a later one', () => {
    // Packet 3 goes at once and so overtakes those before it that are still under way.
    const netem = new Netem<number>({ seed: 1, delayMs: 100 });
    for (const number of [0, 1, 2]) netem.send(number, 10, number);
    netem.change({ delayMs: 0 });
    netem.send(3, 10, 3);
    const order = [];
    for (let packet = netem.deliver(1000); packet !== undefined; packet = netem.deliver(1000)) order.push(packet);
    expect(order).toEqual([3, 0, 1, 2]);
    expect(netem.stats.reordered).toBe(3);
  });
});
