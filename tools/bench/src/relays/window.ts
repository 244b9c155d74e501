import { setTimeout } from 'node:timers/promises';
import { LabError, cpuNs, residentBytes } from '@lightspeed/lab';
import type { LoadProcess, WindowPlan, WindowResult } from '@lightspeed/lab';
import { monotonicUs } from '@lightspeed/udp';
import { lastWords } from './relay.ts';
import type { Relay } from './relay.ts';

/** So long the generators have to take note of a plan. */
const NOTICE_US = 100_000;
/** CPU time is read in the middle of a guard, in which latencies do not count. */
const GUARD_MS = 40;
/** Of silence, before missing answers are given up: a relay that fell behind shall not burden the next one. */
const TIMEOUT_MS = 500;
/** The machine may be busy with something else for as long as a window lasts. */
const MAX_TRIES = 3;

/** What a window sends; it begins with a warm-up that does not count. */
export type WindowLoad = Pick<WindowPlan, 'ratePps' | 'grainUs' | 'burst' | 'warmUpMs' | 'measureMs'> &
  Partial<Pick<WindowPlan, 'timeoutMs'>> & { readonly clients: number };

/** What one relay did with one window of load. */
export interface WindowMeasurement extends WindowResult {
  /** 0 to 1: packets without an answer in time. */
  readonly loss: number;
  /** CPU time of the relay per answered packet, late answers included; 0 for the echo without a relay. */
  readonly cpuUsPerRoundTrip: number;
  readonly residentBytes: number;
}

const COUNTS = new Set(['sent', 'answered', 'late', 'duplicates', 'misdelivered', 'corrupted', 'toRelay', 'ownDrops']);

/** One result in place of several: the sums of what is counted, and what `over` makes of all else. */
export function combined<T extends WindowResult>(results: readonly T[], over: (values: readonly number[]) => number): T {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const keys = Object.keys(results[0]) as (keyof T)[];
  const valuesOf = (key: keyof T) => results.map((result) => result[key] as number);
  return Object.fromEntries(keys.map((key) => [key, (COUNTS.has(String(key)) ? sum : over)(valuesOf(key))])) as unknown as T;
}

/** Puts a relay under load and reads its CPU time around the measured part; again if nothing at all is answered. */
export async function measureWindow(load: Pick<LoadProcess, 'window'>, relay: Relay, plan: WindowLoad): Promise<WindowMeasurement> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const measured = await measureOnce(load, relay, plan);
    if (measured.answered + measured.late > 0) return measured;
  }
  throw new LabError('ERR_LAB_PROCESS', `${relay.name} has answered nothing; ${lastWords(relay.lines)}`);
}

async function measureOnce(load: Pick<LoadProcess, 'window'>, relay: Relay, plan: WindowLoad): Promise<WindowMeasurement> {
  const { clients, timeoutMs = TIMEOUT_MS, ...shape } = plan;
  const { warmUpMs, measureMs } = shape;
  const startUs = monotonicUs() + NOTICE_US;
  const running = load.window({ name: relay.name, ...relay.target, clients }, { ...shape, startUs, guardMs: GUARD_MS, timeoutMs });
  // It may fail before anybody waits for it.
  running.catch(() => undefined);
  const before = await usageAt(relay.pids, startUs + (warmUpMs + GUARD_MS / 2) * 1_000);
  const after = await usageAt(relay.pids, startUs + (warmUpMs + measureMs + (GUARD_MS * 3) / 2) * 1_000);
  const result = await running;
  // Answers per ms are those of the measured part, CPU time per ms that of a span some milliseconds longer.
  const cpuUsPerMs = (after.ns - before.ns) / (after.atUs - before.atUs);
  return {
    ...result,
    loss: 1 - result.answered / result.sent,
    cpuUsPerRoundTrip: (cpuUsPerMs * measureMs) / (result.answered + result.late),
    residentBytes: after.residentBytes,
  };
}

async function usageAt(pids: readonly number[], atUs: number) {
  await setTimeout(Math.max(0, (atUs - monotonicUs()) / 1_000));
  return { residentBytes: residentBytes(pids), ns: cpuNs(pids), atUs: monotonicUs() };
}
