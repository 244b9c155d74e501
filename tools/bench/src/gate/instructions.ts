import { fileURLToPath } from 'node:url';
import type { Figure } from './figure.ts';
import { runProgram } from './program.ts';

const ENTRY = fileURLToPath(new URL('./round-trips-main.ts', import.meta.url));
/** V8 without threads of its own: what they do depends on when they are scheduled. */
const NODE_FLAGS = [
  '--conditions=@lightspeed/source',
  '--single-threaded',
  '--predictable-gc-schedule',
  '--hash-seed=1',
  '--random-seed=1',
];
/** Instructions alone, no caches; code that V8 writes while it runs is noticed. */
const VALGRIND_FLAGS = ['--tool=cachegrind', '--cache-sim=no', '--cachegrind-out-file=/dev/null', '--smc-check=all-non-file'];

/** The start, some two thousand million instructions and never twice the same, cancels out in the difference. */
const FEW_ROUND_TRIPS = 20_000;
const MANY_ROUND_TRIPS = 160_000;
const PACKETS_PER_ROUND_TRIP = 4;
const TIMEOUT_MS = 900_000;

const WAYS = [
  { name: 'instructions per packet: relay, version 1', groupSize: 0 },
  { name: 'instructions per packet: relay, version 2, K=4', groupSize: 4 },
];

/** Instructions that the relay takes for a packet, as valgrind counts them. */
export async function instructionFigures(): Promise<Figure[]> {
  const unavailable = await whyNot();
  if (unavailable !== undefined) return WAYS.map(({ name }) => ({ name, value: undefined, unavailable }));
  return Promise.all(WAYS.map(async ({ name, groupSize }) => ({ name, value: await instructionsPerPacket(groupSize) })));
}

async function whyNot(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'the bound is for Linux on x86-64';
  try {
    const found = await runProgram('valgrind', ['--tool=none', process.execPath, '--version'], TIMEOUT_MS);
    return found === undefined ? 'valgrind is not installed' : undefined;
  } catch {
    return 'valgrind cannot run this Node';
  }
}

async function instructionsPerPacket(groupSize: number): Promise<number> {
  const few = await instructions(FEW_ROUND_TRIPS, groupSize);
  const many = await instructions(MANY_ROUND_TRIPS, groupSize);
  return (many - few) / ((MANY_ROUND_TRIPS - FEW_ROUND_TRIPS) * PACKETS_PER_ROUND_TRIP);
}

async function instructions(roundTrips: number, groupSize: number): Promise<number> {
  const command = [process.execPath, ...NODE_FLAGS, ENTRY, String(roundTrips), String(groupSize)];
  const ended = await runProgram('valgrind', [...VALGRIND_FLAGS, ...command], TIMEOUT_MS);
  return parseInstructions(ended?.stderr ?? '');
}

/** The count in valgrind's last words. @throws if it is not there. */
export function parseInstructions(text: string): number {
  const count = /I\s+refs:\s+([\d,]+)/.exec(text)?.[1];
  if (count === undefined) throw new Error(`valgrind has counted nothing:\n${text.slice(-2_000)}`);
  return Number(count.replaceAll(',', ''));
}
