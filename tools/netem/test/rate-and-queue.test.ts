import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Netem } from '@lightspeed/netem';

function drain(netem: Netem<number>): { dueMs: number; packet: number }[] {
  const result = [];
  for (let dueMs = netem.nextDeliveryMs(); dueMs !== undefined; dueMs = netem.nextDeliveryMs()) {
    const packet = netem.deliver(dueMs);
    if (packet !== undefined) result.push({ dueMs, packet });
  }
  return result;
}

test('packets leave one after the other, each after the time that its bytes take', () => {
  const netem = new Netem<number>({ seed: 1, rateBps: 10_000, delayMs: 5 });
  netem.send(0, 100, 0);
  netem.send(1, 200, 0);
  netem.send(2, 50, 20);
  netem.send(3, 100, 100);
  expect(drain(netem)).toEqual([
    { dueMs: 15, packet: 0 },
    { dueMs: 35, packet: 1 },
    { dueMs: 40, packet: 2 },
    { dueMs: 115, packet: 3 },
  ]);
});

test('what does not fit in the queue is dropped at its tail', () => {
  const netem = new Netem<number>({ seed: 1, rateBps: 1000, queueBytes: 1000 });
  for (let number = 0; number < 15; number += 1) netem.send(number, 100, 0);
  expect(netem.stats).toMatchObject({ lostQueue: 5, inFlight: 10 });
  // 100 ms later one packet has left, so one fits.
  netem.send(15, 100, 100);
  netem.send(16, 100, 100);
  expect(netem.stats.lostQueue).toBe(6);
  expect(drain(netem).map(({ packet }) => packet)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15]);
});

test('a queue holds exactly as many packets as fit to the byte, at any rate', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000_000 }),
      fc.integer({ min: 1, max: 1500 }),
      fc.integer({ min: 1, max: 100 }),
      fc.nat(1_000_000),
      (rateBps, size, count, nowMs) => {
        const netem = new Netem<number>({ seed: 1, rateBps, queueBytes: size * count });
        for (let number = 0; number < count + 3; number += 1) netem.send(number, size, nowMs);
        expect(netem.stats).toMatchObject({ inFlight: count, lostQueue: 3 });
      },
    ),
  );
});

test('a packet bigger than the queue passes an idle link', () => {
  const netem = new Netem<number>({ seed: 1, rateBps: 1000, queueBytes: 100 });
  netem.send(0, 500, 0);
  netem.send(1, 500, 100);
  netem.send(2, 500, 500);
  expect(drain(netem)).toEqual([
    { dueMs: 500, packet: 0 },
    { dueMs: 1000, packet: 2 },
  ]);
});

test('over any stretch no more leaves than the rate allows, and the link never idles while packets wait', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 100, max: 100_000 }),
      fc.integer({ min: 100, max: 20_000 }),
      fc.array(fc.record({ gapMs: fc.nat(50), size: fc.integer({ min: 1, max: 1500 }) }), { minLength: 1, maxLength: 100 }),
      (rateBps, queueBytes, plan) => {
        const netem = new Netem<number>({ seed: 1, rateBps, queueBytes });
        const sentMs: number[] = [];
        let nowMs = 0;
        plan.forEach(({ gapMs, size }, number) => {
          nowMs += gapMs;
          sentMs.push(nowMs);
          netem.send(number, size, nowMs);
        });
        let freeMs = 0;
        for (const { dueMs, packet } of drain(netem)) {
          const startMs = Math.max(freeMs, sentMs[packet] ?? NaN);
          expect(dueMs).toBeCloseTo(startMs + ((plan[packet]?.size ?? NaN) * 1000) / rateBps, 6);
          freeMs = dueMs;
        }
      },
    ),
  );
});

test('a packet that is lost on the link has used its share of the rate', () => {
  const netem = new Netem<number>({ seed: 1, rateBps: 1000, loss: 1 });
  netem.send(0, 100, 0);
  netem.change({ loss: 0 });
  netem.send(1, 100, 0);
  expect(netem.nextDeliveryMs()).toBe(200);
});
