import type { LoopOptions } from '../../../src/protection/loop/protection-loop.ts';
import { play } from './protected-run.ts';
import type { GameFlow, RunOptions } from './protected-run.ts';
import { AUTO, LINE, UP, fixed, losing } from './settings.ts';

const MINUTE_MS = 60_000;
const EPISODE_MS = 10_000;
const EPISODE_BEGINS_MS = 20_000;

/** Means over seeds, in percent. */
export interface MeanFigures {
  readonly missing: number;
  /** Redundancy and reports. */
  readonly added: number;
  readonly redundant: number;
  /** What is missing, by seed. */
  readonly missingBySeed: readonly number[];
}

/** Seeds from one on. */
export function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, nth) => first + nth);
}

/** Plays a line with several seeds. */
export function meanOf(
  seeds: readonly number[],
  seconds: number,
  line: RunOptions['line'],
  loop: LoopOptions = AUTO,
  flow: GameFlow = UP,
): MeanFigures {
  const runs = seeds.map((seed) => play({ seed, seconds, flow, line, loop }));
  const mean = (of: (run: (typeof runs)[0]) => number) => (100 * runs.reduce((sum, run) => sum + of(run), 0)) / runs.length;
  return {
    missing: mean((run) => run.missing),
    added: mean((run) => (run.redundantBytes + run.reportBytes) / run.ownBytes),
    redundant: mean((run) => run.redundantBytes / run.ownBytes),
    missingBySeed: runs.map((run) => 100 * run.missing),
  };
}

/** 5 % for ten seconds of each minute. */
export const EPISODES = losing((timeMs) => {
  const inMinuteMs = timeMs % MINUTE_MS;
  return inMinuteMs >= EPISODE_BEGINS_MS && inMinuteMs < EPISODE_BEGINS_MS + EPISODE_MS ? 0.05 : 0;
});

/** How long it takes from the beginning of a loss until the step is raised, in milliseconds, one for each seed, sorted. */
export function reactionsMs(seeds: readonly number[], loss: number): number[] {
  const line = losing((timeMs) => (timeMs >= EPISODE_BEGINS_MS ? loss : 0));
  const times = seeds.map((seed) => {
    const { events } = play({ seed, seconds: 40, flow: UP, line, loop: AUTO });
    return (events.find(({ nowMs }) => nowMs >= EPISODE_BEGINS_MS)?.nowMs ?? Infinity) - EPISODE_BEGINS_MS;
  });
  return times.sort((a, b) => a - b);
}

/** How many of the seeds took their protection back as harmful within 20 s of the beginning of a random loss. */
export function takenBack(seeds: readonly number[], loss: number, hz: number): number {
  const line = losing((timeMs) => (timeMs >= EPISODE_BEGINS_MS ? loss : 0));
  const isTakenBack = (seed: number) =>
    play({ seed, seconds: 40, flow: { ...UP, hz }, line, loop: AUTO }).events.some(({ reason }) => reason.includes('none more for'));
  return seeds.filter(isTakenBack).length;
}

/**
 * Lines on which the loop has to be nearly as good as the best fixed setting, and by how many points it may be worse. On lines with
 * bursts, few events decide, and so many standard errors of the difference come on top.
 */
export const COMPARED_LINES: readonly {
  readonly name: string;
  readonly line: RunOptions['line'];
  readonly points: number;
  readonly sigmas: number;
}[] = [
  { name: 'random 5 %', line: losing(0.05), points: 0.15, sigmas: 0 },
  { name: 'random 10 %', line: losing(0.1), points: 0.15, sigmas: 0 },
  { name: 'random 20 %', line: losing(0.2), points: 0.4, sigmas: 0 },
  { name: 'outages of 50 ms, 5 %', line: { ...LINE, outages: { share: 0.05, meanMs: 50 } }, points: 0.3, sigmas: 3 },
  { name: 'outages of 20 ms, 5 %', line: { ...LINE, outages: { share: 0.05, meanMs: 20 } }, points: 0.3, sigmas: 3 },
  { name: 'bursts of 3, 5 %', line: { ...LINE, bursts: { share: 0.05, meanPackets: 3 } }, points: 0.3, sigmas: 3 },
];

const FIXED_AGES = [[5], [23], [5, 23]];

/** The loop beside the best fixed setting that the budget has room for. */
export function compareWithFixed(
  seeds: readonly number[],
  seconds: number,
  line: RunOptions['line'],
  budgetPercent: number,
  flow: GameFlow,
): { readonly auto: MeanFigures; readonly best: MeanFigures; readonly sigma: number } {
  const auto = meanOf(seeds, seconds, line, { ...AUTO, budgetPercent }, flow);
  const others = FIXED_AGES.map((ages) => meanOf(seeds, seconds, line, fixed(...ages), flow));
  const affordable = others.filter(({ redundant }) => redundant <= budgetPercent);
  const best = affordable.reduce((least, each) => (each.missing < least.missing ? each : least));
  const differences = auto.missingBySeed.map((missing, nth) => missing - best.missingBySeed[nth]);
  const mean = differences.reduce((sum, each) => sum + each, 0) / differences.length;
  const variance = differences.reduce((sum, each) => sum + (each - mean) ** 2, 0) / Math.max(1, differences.length - 1);
  return { auto, best, sigma: Math.sqrt(variance / differences.length) };
}
