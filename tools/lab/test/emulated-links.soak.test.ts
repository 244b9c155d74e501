import { expect, it } from 'vitest';
import { emulated } from '../src/soak/emulated.ts';

it('whatever a link does, only loss reaches the game', { timeout: 60_000 }, async () => {
  const outcome = await emulated.start(() => undefined, { links: 2, secondsPerLink: 2, seed: 5 });
  expect(outcome.faults).toEqual([]);
});
