import { expect, it } from 'vitest';
import { runRegistrations } from '../src/soak/registrations.ts';

it('clients that register all at once are let in, and a game does not suffer', { timeout: 90_000 }, async () => {
  const outcome = await runRegistrations({ clients: 60, rounds: 1 }, () => undefined);
  expect(outcome.faults).toEqual([]);
});
