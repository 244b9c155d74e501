import { expect, it } from 'vitest';
import { runSteady } from '../src/soak/steady.ts';

it('a steady load loses nothing, and every answer comes to its own client', { timeout: 60_000 }, async () => {
  const outcome = await runSteady({ clients: 20, packetsPerSecondPerClient: 200, seconds: 4 }, () => undefined);
  expect(outcome.faults).toEqual([]);
  expect(outcome.figures.answered).toBe('16,000');
});
