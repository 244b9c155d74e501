import { expect, it } from 'vitest';
import { registrations } from '../src/soak/registrations.ts';

it('clients that register all at once are let in, and a game does not suffer', { timeout: 90_000 }, async () => {
  const outcome = await registrations.start(() => undefined, { clients: 60, rounds: 1 });
  expect(outcome.faults).toEqual([]);
});
