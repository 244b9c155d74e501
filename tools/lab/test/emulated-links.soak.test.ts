import { expect, it } from 'vitest';
import { runEmulated } from '../src/soak/emulated.ts';

it('whatever a link does, only loss reaches the game', { timeout: 60_000 }, async () => {
  const outcome = await runEmulated({ links: 2, secondsPerLink: 2, seed: 5 }, () => undefined);
  expect(outcome.faults).toEqual([]);
});
