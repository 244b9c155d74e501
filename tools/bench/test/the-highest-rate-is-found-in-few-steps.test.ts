import { expect, test } from 'vitest';
import { RateSearch } from '../src/macro/rate-search.ts';

function search(capacityPps: number, steps: number) {
  const found = new RateSearch({ lowestPps: 10_000, highestPps: 160_000, steps });
  let tried = 0;
  for (let rate = found.nextPps; rate !== undefined; rate = found.nextPps) {
    found.note(rate <= capacityPps);
    tried++;
  }
  return { foundPps: found.foundPps, tried };
}

test.each([15_000, 33_333, 61_234, 99_999, 140_000])('a capacity of %d is found within 3 percent', (capacityPps) => {
  const { foundPps } = search(capacityPps, 20);

  expect(foundPps).toBeLessThanOrEqual(capacityPps);
  expect(foundPps).toBeGreaterThan(capacityPps * 0.96);
});

test('no more steps are taken than are allowed', () => {
  expect(search(61_234, 5).tried).toBe(5);
});

test('a relay that carries not even the lowest rate has none', () => {
  expect(search(9_000, 20)).toEqual({ foundPps: 0, tried: 1 });
});

test('a relay that carries the highest rate has that', () => {
  expect(search(1_000_000, 20).foundPps).toBe(160_000);
});
