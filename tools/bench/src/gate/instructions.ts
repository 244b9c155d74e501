import { spawnSync } from 'node:child_process';
import { findProgram } from '@lightspeed/lab';
import { IN_MEMORY } from '../micro/allocation.ts';
import { countedRun } from './counted-run.ts';
import type { Figure } from './figure.ts';

const COUNTER = {
  /** Instructions alone, no caches; code that V8 writes while it runs is noticed. */
  before: ['valgrind', '--tool=cachegrind', '--cache-sim=no', '--cachegrind-out-file=/dev/null', '--smc-check=all-non-file'],
  /** V8 without threads of its own: what they do depends on when they are scheduled. */
  nodeFlags: ['--single-threaded', '--predictable-gc-schedule', '--hash-seed=1', '--random-seed=1'],
};

/** The start, some two thousand million instructions and never twice the same, cancels out in the difference. */
const FEW_ROUND_TRIPS = 20_000;
const MANY_ROUND_TRIPS = 160_000;
const PACKETS_PER_ROUND_TRIP = 4;

/** Instructions that the relay takes for a packet, as valgrind counts them. */
export async function instructionFigures(): Promise<Figure[]> {
  const unavailable = whyNot();
  const figures = Object.keys(IN_MEMORY).map(async (path) => {
    return { name: `instructions per packet: ${path}`, value: unavailable ?? (await instructionsPerPacket(path)) };
  });
  return Promise.all(figures);
}

function whyNot(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'the bound is for Linux on x86-64';
  if (findProgram('valgrind') === undefined) return 'valgrind is not installed';
  const { status } = spawnSync('valgrind', ['--tool=none', process.execPath, '--version']);
  return status === 0 ? undefined : 'valgrind cannot run this Node';
}

async function instructionsPerPacket(path: string): Promise<number> {
  const count = async (roundTrips: number) => parseInstructions((await countedRun(['memory', roundTrips, path], COUNTER)).stderr);
  const few = await count(FEW_ROUND_TRIPS);
  return ((await count(MANY_ROUND_TRIPS)) - few) / ((MANY_ROUND_TRIPS - FEW_ROUND_TRIPS) * PACKETS_PER_ROUND_TRIP);
}

/** The count in valgrind's last words. @throws if it is not there. */
export function parseInstructions(text: string): number {
  const count = /I\s+refs:\s+([\d,]+)/.exec(text)?.[1];
  if (count === undefined) throw new Error(`valgrind has counted nothing:\n${text.slice(-2_000)}`);
  return Number(count.replaceAll(',', ''));
}
