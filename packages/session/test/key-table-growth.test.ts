import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KeyTable } from '@lightspeed/session';

/** Runs of insertions and removals, long enough for the table to double and to halve several times. */
const phases = fc.array(fc.tuple(fc.constantFrom('set', 'delete'), fc.nat(2_000), fc.integer({ min: 1, max: 700 })), {
  maxLength: 12,
});

it('every key is found at every moment of a move, with its newest value', () => {
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom(0, 100, 5_000), fc.constantFrom(1, 2, 4), phases, (seed, expectedKeys, numbers, runs) => {
      const table = new KeyTable(seed, expectedKeys, numbers);
      const model = new Map<number, number>();
      let value = 0;
      for (const [name, from, count] of runs) {
        for (let key = from; key < from + count; key++) {
          if (name === 'set') {
            table.set(key, 1, 2, 3, ++value);
            model.set(key, value);
          } else if (table.delete(key, 1, 2, 3) !== model.delete(key)) {
            throw new Error(`key ${key} was not there, or there`);
          }
          // One of the oldest and one of the newest: all of them each time would take too long.
          for (const probe of [from, key, key - (count >> 1)]) {
            if (table.get(probe, 1, 2, 3) !== (model.get(probe) ?? -1)) throw new Error(`key ${probe} is lost`);
          }
        }
        expect(table.size).toBe(model.size);
        for (const [key, expected] of model) if (table.get(key, 1, 2, 3) !== expected) throw new Error(`key ${key} is lost`);
      }
    }),
    { numRuns: 60 },
  );
});
