import { expect, it } from 'vitest';
import { RequestRate } from '../src/helper/request-rate.ts';

it('requests of a connection are a burst of 4,000, and then 200 a second', () => {
  const rate = new RequestRate(0);
  const taken = (nowMs: number) => {
    let count = 0;
    while (rate.take(nowMs)) count++;
    return count;
  };
  expect([taken(0), taken(0), taken(1_000), taken(1_005), taken(60_000)]).toEqual([4_000, 0, 200, 1, 4_000]);
});
