import { expect, it } from 'vitest';
import { steady } from '../src/soak/steady.ts';

it('a steady load loses nothing, and every answer comes to its own client', { timeout: 60_000 }, async () => {
  const outcome = await steady.start(() => undefined, { clients: 20, packetsPerSecondPerClient: 200, seconds: 4 });
  expect(outcome.faults).toEqual([]);
  expect(outcome.figures.answered).toBe('16,000');
});
