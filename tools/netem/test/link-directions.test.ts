import { expect, test } from 'vitest';
import { NetemLink } from '@lightspeed/netem';

function losses(link: NetemLink<number>): { toB: number[]; toA: number[] } {
  const toB = [];
  const toA = [];
  for (let number = 0; number < 200; number += 1) {
    link.aToB.send(number, 10, number);
    link.bToA.send(number, 10, number);
    if (link.aToB.deliver(number) === undefined) toB.push(number);
    if (link.bToA.deliver(number) === undefined) toA.push(number);
  }
  return { toB, toA };
}

test('what enters at one end leaves at the other', () => {
  const link = new NetemLink<string>({ seed: 1, delayMs: 10 }, { seed: 2, delayMs: 30 });
  expect(link.nextDeliveryMs()).toBeUndefined();
  link.aToB.send('to b', 10, 0);
  expect(link.nextDeliveryMs()).toBe(10);
  link.bToA.send('to a', 10, 0);
  expect(link.aToB.pending + link.bToA.pending).toBe(2);
  expect(link.nextDeliveryMs()).toBe(10);
  expect(link.aToB.deliver(10)).toBe('to b');
  expect(link.nextDeliveryMs()).toBe(30);
  expect(link.bToA.deliver(30)).toBe('to a');
  expect(link.aToB.pending + link.bToA.pending).toBe(0);
});

test('with options for one direction, the other has the same impairments but other losses', () => {
  const { toB, toA } = losses(new NetemLink<number>({ seed: 5, loss: 0.3 }));
  expect(toB).not.toEqual(toA);
  expect(Math.abs(toA.length - 60)).toBeLessThan(26);
  expect(Math.abs(toB.length - 60)).toBeLessThan(26);
});

test('a link is the same every time for its seed', () => {
  const options = { seed: 5, loss: 0.3 };
  expect(losses(new NetemLink<number>(options))).toEqual(losses(new NetemLink<number>(options)));
});
