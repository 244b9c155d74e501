import { fileURLToPath } from 'node:url';
import { chooseEngine } from '@lightspeed/udp';
import type { Figure } from './figure.ts';
import { runProgram } from './program.ts';

const ENTRY = fileURLToPath(new URL('./system-calls-main.ts', import.meta.url));
const NAME = 'system calls per round trip: 16 clients, closed loop';
const ROUND_TRIPS = 20_000;
const TIMEOUT_MS = 120_000;
/** The engine counts a call that was interrupted once, strace every time. */
const TOLERANCE = 0.01;

/** Calls of each kind: of many datagrams, and of one. */
export type Calls = Readonly<Record<'receives' | 'sends' | 'waits', number>>;

/** The kinds, by the names that strace has for the calls. */
const KINDS: Readonly<Record<string, keyof Calls>> = {
  recvmmsg: 'receives',
  recvfrom: 'receives',
  sendmmsg: 'sends',
  sendto: 'sends',
  epoll_wait: 'waits',
};

/**
 * System calls for a round trip: two receives, two sends, and waiting, shared by what a batch carries. Counted by the engine
 * and, where strace can trace, by the kernel's side of it too: both must agree.
 */
export async function systemCallFigures(): Promise<Figure[]> {
  if (chooseEngine('auto').kind !== 'batch') return [{ name: NAME, value: undefined, unavailable: 'no batch I/O here' }];
  const own = await countedByEngine();
  const traced = await countedByStrace();
  if (traced !== undefined) requireAgreement(own, traced);
  return [{ name: NAME, value: (own.receives + own.sends + own.waits) / own.roundTrips }];
}

interface Counted extends Calls {
  readonly roundTrips: number;
}

const COMMAND = [process.execPath, '--conditions=@lightspeed/source', ENTRY, String(ROUND_TRIPS)];

async function countedByEngine(): Promise<Counted> {
  const ended = await runProgram(COMMAND[0], COMMAND.slice(1), TIMEOUT_MS);
  return JSON.parse(ended?.stdout ?? '') as Counted;
}

/** @returns calls per run of the same length, or undefined where strace is missing or may not trace. */
async function countedByStrace(): Promise<Counted | undefined> {
  const trace = ['-f', '-c', '-e', `trace=${Object.keys(KINDS).join(',')}`];
  try {
    const ended = await runProgram('strace', [...trace, ...COMMAND], TIMEOUT_MS);
    if (ended === undefined) return undefined;
    const { roundTrips } = JSON.parse(ended.stdout) as Counted;
    return { roundTrips, ...parseStrace(ended.stderr) };
  } catch (error) {
    if (error instanceof Error && /ptrace|not permitted/i.test(error.message)) return undefined;
    throw error;
  }
}

/** The counts in strace's summary; 0 for a kind that is not in it. */
export function parseStrace(text: string): Calls {
  const calls = { receives: 0, sends: 0, waits: 0 };
  for (const line of text.split('\n')) {
    // % time, seconds, microseconds per call, calls, errors if any, name
    const columns = line.trim().split(/\s+/);
    const name = columns.at(-1) ?? '';
    if (Object.hasOwn(KINDS, name)) calls[KINDS[name]] += Number(columns[3]);
  }
  return calls;
}

/** @throws if the two have not counted the same. */
function requireAgreement(own: Counted, traced: Counted): void {
  for (const kind of ['receives', 'sends'] as const) {
    const expected = (own[kind] / own.roundTrips) * traced.roundTrips;
    if (Math.abs(traced[kind] - expected) <= TOLERANCE * expected) continue;
    throw new Error(`the engine has counted ${Math.round(expected)} ${kind}, strace ${traced[kind]}`);
  }
}
