import { carryOutRuns } from './runs.ts';
import type { Runs } from './runs.ts';
import { LONG_EMULATED, runEmulated } from './soak/emulated.ts';
import { LONG_GARBAGE, runGarbage } from './soak/garbage.ts';
import { LONG_HOSTILE, runHostile } from './soak/hostile.ts';
import { LONG_REGISTRATIONS, runRegistrations } from './soak/registrations.ts';
import { LONG_SESSIONS, runSessions } from './soak/sessions.ts';
import { LONG_STEADY, runSteady } from './soak/steady.ts';

const RUNS: Runs['runs'] = {
  steady: {
    about: '100 clients, 200 packets a second each for 60 s: nothing lost, every answer to its own client',
    start: (progress) => runSteady(LONG_STEADY, progress),
  },
  sessions: {
    about: '10,000 sessions: all open, all answered, all expired, memory back to within 20 %',
    start: (progress) => runSessions(LONG_SESSIONS, progress),
  },
  registrations: {
    about: '1,000 clients register at once: all within 60 s, while a game goes on; memory within 15 % of before afterwards',
    start: (progress) => runRegistrations(LONG_REGISTRATIONS, progress),
  },
  hostile: {
    about: 'random, truncated and oversized datagrams for 60 s: up, flat memory, good clients whole, all accounted for',
    start: (progress) => runHostile(LONG_HOSTILE, progress),
  },
  garbage: {
    about: 'seven kinds of hostile QUIC peers for 60 s: all others register, nothing of their games lost, memory returns',
    start: (progress) => runGarbage(LONG_GARBAGE, progress),
  },
  emulated: {
    about: 'a game over 20 emulated links that lose, delay, reorder and duplicate: only loss may reach the game',
    start: (progress) => runEmulated(LONG_EMULATED, progress),
  },
};

process.exitCode = await carryOutRuns(process.argv.slice(2), {
  program: 'pnpm soak',
  about: 'Long runs with load, attacks and bad links.',
  example: 'steady hostile',
  runs: RUNS,
});
