import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DUPLICATE_WINDOW_WORDS, DuplicateWindow } from '@lightspeed/session';

it('windows in one array do not see each other, and begin empty whatever was there', () => {
  const packets = fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 0, max: 0xffff })), { maxLength: 200 });
  fc.assert(
    fc.property(packets, (arrivals) => {
      const words = new Int32Array(4 * DUPLICATE_WINDOW_WORDS).fill(-1);
      const shared = [0, 1, 2, 3].map((slot) => new DuplicateWindow(words, slot * DUPLICATE_WINDOW_WORDS));
      const alone = [0, 1, 2, 3].map(() => new DuplicateWindow());
      for (const [slot, sequence] of arrivals) {
        expect(shared[slot].accept(sequence, 0, 0, false)).toBe(alone[slot].accept(sequence, 0, 0, false));
      }
    }),
    { numRuns: 100 },
  );
});
