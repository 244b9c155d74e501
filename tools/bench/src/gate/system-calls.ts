import { findProgram } from '@lightspeed/lab';
import { chooseEngine } from '@lightspeed/udp';
import type { SocketRun } from '../micro/socket-relay.ts';
import { countedRun } from './counted-run.ts';
import type { Figure } from './figure.ts';

const NAME = 'system calls per round trip: 16 clients, closed loop';
const ROUND_TRIPS = 20_000;
/** The engine counts a call that was interrupted once, strace every time. */
const TOLERANCE = 0.01;

/** Calls of each kind: of many datagrams, and of one. */
export type Calls = Omit<SocketRun, 'roundTrips'>;

/** The kinds, by the names that strace has for the calls. */
const KINDS: Readonly<Record<string, keyof Calls>> = {
  recvmmsg: 'receives',
  recvfrom: 'receives',
  sendmmsg: 'sends',
  sendto: 'sends',
  epoll_wait: 'waits',
};
const STRACE = ['strace', '-f', '-c', '-e', `trace=${Object.keys(KINDS).join(',')}`];

/**
 * System calls for a round trip: two receives, two sends, and waiting, shared by what a batch carries. Counted by the engine
 * and, where strace can trace, by the kernel's side of it too: both must agree.
 */
export async function systemCallFigure(): Promise<Figure> {
  if (chooseEngine('auto').kind !== 'batch') return { name: NAME, value: undefined, unavailable: 'no batch I/O here' };
  const own = JSON.parse((await countedRun(['sockets', ROUND_TRIPS])).stdout) as SocketRun;
  const below = await belowStrace();
  for (const kind of ['receives', 'sends'] as const) {
    if (below === undefined) break;
    const expected = (own[kind] / own.roundTrips) * below.roundTrips;
    if (Math.abs(below[kind] - expected) <= TOLERANCE * expected) continue;
    throw new Error(`the engine has counted ${Math.round(expected)} ${kind}, strace ${below[kind]}`);
  }
  return { name: NAME, value: (own.receives + own.sends + own.waits) / own.roundTrips };
}

/** @returns what strace has counted in a run of the same length, or undefined where it is missing or may not trace. */
async function belowStrace(): Promise<SocketRun | undefined> {
  if (findProgram('strace') === undefined) return undefined;
  try {
    const { stdout, stderr } = await countedRun(['sockets', ROUND_TRIPS], { before: STRACE });
    return { ...(JSON.parse(stdout) as SocketRun), ...parseStrace(stderr) };
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
