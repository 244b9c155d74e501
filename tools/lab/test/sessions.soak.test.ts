import { expect, it } from 'vitest';
import { sessions } from '../src/soak/sessions.ts';

it('sessions open, are answered and expire, and their memory comes back', { timeout: 60_000 }, async () => {
  const options = {
    sessions: 1_200,
    warmUpSessions: 400,
    rounds: 1,
    packetsPerSession: 3,
    opensPerSecond: 1_500,
    sessionTimeoutSecs: 2,
  };
  const outcome = await sessions.start(() => undefined, options);
  expect(outcome.faults).toEqual([]);
});
