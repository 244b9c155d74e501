import { describe, expect, test } from 'vitest';
import { Netem } from '@lightspeed/netem';
import type { NetemOptions } from '@lightspeed/netem';

/** Sends `count` packets a millisecond apart; what arrived, in order. */
function carry(options: NetemOptions, count: number): { arrived: number[]; netem: Netem<number> } {
  const netem = new Netem<number>(options);
  const arrived: number[] = [];
  for (let number = 0; number < count; number += 1) netem.send(number, 100, number);
  for (let packet = netem.deliver(Infinity); packet !== undefined; packet = netem.deliver(Infinity)) arrived.push(packet);
  return { arrived, netem };
}

function lostRuns(arrived: readonly number[], count: number): number[] {
  const runs: number[] = [];
  let expected = 0;
  for (const packet of [...arrived, count]) {
    if (packet > expected) runs.push(packet - expected);
    expected = packet + 1;
  }
  return runs;
}

describe('loss', () => {
  test.each([1, 2, 3, 4, 5])('of 5 % loses 5 % of 20,000 packets with seed %i', (seed) => {
    const { netem } = carry({ seed, loss: 0.05 }, 20_000);
    // Four standard deviations.
    expect(Math.abs(netem.stats.lostRandom - 1000)).toBeLessThan(124);
  });

  test('of 0 loses nothing and of 1 everything', () => {
    expect(carry({ seed: 1 }, 1000).arrived).toHaveLength(1000);
    expect(carry({ seed: 1, loss: 1 }, 1000).arrived).toHaveLength(0);
  });

  test('loses the packets recorded for seed 42', () => {
    const { arrived } = carry({ seed: 42, loss: 0.2 }, 40);
    const all = Array.from({ length: 40 }, (_, number) => number);
    expect(all.filter((number) => !arrived.includes(number))).toEqual([3, 5, 9, 14, 27, 28, 36, 38]);
  });

  test('loses the same packets whatever else the link does', () => {
    const { arrived } = carry({ seed: 9, loss: 0.3 }, 500);
    const other = carry({ seed: 9, loss: 0.3, delayMs: 20, jitterMs: 30, reorder: 0.1, duplicate: 0.2 }, 500);
    expect([...new Set(other.arrived)].sort((a, b) => a - b)).toEqual(arrived);
  });
});

describe('burst loss', () => {
  // A channel that is bad for one packet in eleven, and for 10 packets in a row on average.
  const burst = { goodToBad: 0.01, badToGood: 0.1 };

  test.each([1, 2, 3])('has the share and the mean length that its probabilities say, with seed %i', (seed) => {
    const { arrived, netem } = carry({ seed, burst }, 100_000);
    expect(netem.stats.lostRandom).toBe(0);
    expect(netem.stats.lostBurst / 100_000).toBeGreaterThan(0.08);
    expect(netem.stats.lostBurst / 100_000).toBeLessThan(0.102);
    const runs = lostRuns(arrived, 100_000);
    const mean = netem.stats.lostBurst / runs.length;
    expect(mean).toBeGreaterThan(9);
    expect(mean).toBeLessThan(11);
  });

  test('loses in the good state too when told so', () => {
    const { netem } = carry({ seed: 4, burst: { goodToBad: 0, badToGood: 1, lossInGood: 0.1 } }, 20_000);
    expect(Math.abs(netem.stats.lostBurst - 2000)).toBeLessThan(170);
  });

  test('is counted apart from random loss', () => {
    const { arrived, netem } = carry({ seed: 4, loss: 0.1, burst: { goodToBad: 0.1, badToGood: 0.5 } }, 10_000);
    expect(netem.stats.lostBurst).toBeGreaterThan(1000);
    expect(netem.stats.lostRandom).toBeGreaterThan(500);
    expect(arrived).toHaveLength(10_000 - netem.stats.lostBurst - netem.stats.lostRandom);
  });
});

describe('duplicate', () => {
  test('of 10 % delivers a second copy of one packet in ten', () => {
    const { arrived, netem } = carry({ seed: 8, duplicate: 0.1 }, 20_000);
    expect(Math.abs(netem.stats.duplicated - 2000)).toBeLessThan(170);
    expect(arrived).toHaveLength(20_000 + netem.stats.duplicated);
    expect(new Set(arrived).size).toBe(20_000);
  });
});
