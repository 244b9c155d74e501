import { expect, test } from 'vitest';
import { RateSearch } from '../src/macro/rate-search.ts';

function search(capacityPps: number, steps: number) {
  const found = new RateSearch({ firstPps: 60_000, lowestPps: 10_000, highestPps: 160_000, steps });
  let tried = 0;
  for (let rate = found.nextPps; rate !== undefined; rate = found.nextPps) {
    found.note(rate <= capacityPps);
    tried++;
  }
  return { foundPps: found.foundPps, tried };
}

test.each([10_500, 33_333, 59_999, 61_234, 99_999, 140_000])('a capacity of %d is found within 3 percent', (capacityPps) => {
  const { foundPps, tried } = search(capacityPps, 20);

  expect(foundPps).toBeLessThanOrEqual(capacityPps);
  expect(foundPps).toBeGreaterThan(capacityPps * 0.97);
  expect(tried).toBeLessThanOrEqual(9);
});

test('no more steps are taken than are allowed', () => {
  expect(search(61_234, 5).tried).toBe(5);
});

test('a relay that carries not even the lowest rate has none', () => {
  expect(search(9_000, 20)).toEqual({ foundPps: 0, tried: 4 });
});

test('a relay that carries the highest rate has that', () => {
  expect(search(1_000_000, 20).foundPps).toBe(160_000);
});
