import { carryOutRuns } from './runs.ts';
import { emulated } from './soak/emulated.ts';
import { garbage } from './soak/garbage.ts';
import { hostile } from './soak/hostile.ts';
import { kills } from './soak/kills.ts';
import { registrations } from './soak/registrations.ts';
import { sessions } from './soak/sessions.ts';
import { steady } from './soak/steady.ts';

process.exitCode = await carryOutRuns({
  program: 'pnpm soak',
  about: 'Long runs with load, attacks and bad links.',
  example: 'steady hostile',
  runs: [steady, sessions, registrations, hostile, garbage, emulated, kills],
});
