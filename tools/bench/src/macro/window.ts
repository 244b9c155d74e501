import { setTimeout } from 'node:timers/promises';
import { monotonicUs } from '@lightspeed/udp';
import { BenchError } from '../bench-error.ts';
import type { LoadProcess } from '../load/load-process.ts';
import type { WindowResult } from '../load/window-run.ts';
import { cpuNs, residentBytes } from './process-cpu.ts';
import { lastWords } from './relay-under-test.ts';
import type { RelayUnderTest } from './relay-under-test.ts';

/** So long the generator has to take note of a plan. */
const NOTICE_US = 30_000;
/** CPU time is read in the middle of a guard, in which latencies do not count. */
const GUARD_MS = 40;
const TIMEOUT_MS = 50;

export interface WindowLoad {
  readonly clients: number;
  readonly ratePps: number;
  readonly grainUs: number;
  /** Packets that a client sends at a time. */
  readonly burst: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Of silence, before missing answers are given up: a relay that fell behind shall not burden the next one. */
  readonly timeoutMs?: number;
}

/** What {@link measureWindow} needs of a load generator. */
export type LoadSource = Pick<LoadProcess, 'window'>;

/** What one relay did with one window of load. */
export interface WindowMeasurement extends WindowResult {
  /** 0 to 1: packets without an answer in time. */
  readonly loss: number;
  /** CPU time of the relay per answered packet, late answers included; 0 for the echo without a relay. */
  readonly cpuUsPerRoundTrip: number;
  readonly residentBytes: number;
}

/** Puts a relay under load and reads its CPU time around the measured part. */
export async function measureWindow(load: LoadSource, relay: RelayUnderTest, plan: WindowLoad): Promise<WindowMeasurement> {
  const { clients, ratePps, grainUs, burst, warmUpMs, measureMs, timeoutMs = TIMEOUT_MS } = plan;
  const startUs = monotonicUs() + NOTICE_US;
  const target = { ...relay.target, clients };
  const running = (relay.load ?? load).window(target, {
    startUs,
    ratePps,
    grainUs,
    burst,
    warmUpMs,
    guardMs: GUARD_MS,
    measureMs,
    timeoutMs,
  });
  // It may fail before anybody waits for it.
  running.catch(() => undefined);
  const before = await cpuAt(relay, startUs + (warmUpMs + GUARD_MS / 2) * 1_000);
  const after = await cpuAt(relay, startUs + (warmUpMs + measureMs + (GUARD_MS * 3) / 2) * 1_000);
  const result = await running;
  const answered = result.answered + result.late;
  if (answered === 0) {
    throw new BenchError('ERR_BENCH_RELAY', `${relay.name} has answered nothing; ${lastWords(relay)}`);
  }
  const controlUsPerSecond = (relay.controlNsPerSecond ?? 0) / 1_000;
  // Answers per second are those of the measured part, CPU time per second that of a span some milliseconds longer.
  const cpuUsPerSecond = ((after.ns - before.ns) / 1_000 / (after.atUs - before.atUs)) * 1_000_000;
  const answersPerSecond = (answered / measureMs) * 1_000;
  return {
    ...result,
    loss: 1 - result.answered / result.sent,
    cpuUsPerRoundTrip: (cpuUsPerSecond / relay.shares + controlUsPerSecond) / answersPerSecond,
    residentBytes: after.residentBytes,
  };
}

async function cpuAt({ pids }: RelayUnderTest, atUs: number) {
  await setTimeout(Math.max(0, (atUs - monotonicUs()) / 1_000));
  const resident = residentBytes(pids);
  return { ns: cpuNs(pids), atUs: monotonicUs(), residentBytes: resident };
}
