import { median } from './statistics.ts';

/** A process whose clients can be made to close their control connections. */
export interface ConnectedProcess {
  /** CPU time that it has taken so far. */
  cpuNs(): number;
  /** Closes all control connections; resolves when the process knows. */
  hangUp(): Promise<void>;
}

export interface ControlCostClock {
  nowMs(): number;
  wait(ms: number): Promise<void>;
}

export interface ControlCostPlan {
  /** Before anything is measured: a node gives back the memory of its start ten seconds after that, at one go. */
  readonly settleMs: number;
  /** How long it is measured with the connections, and without them as long, but 7 s at most. */
  readonly measureMs: number;
}

/** After connections have ended, a process has something to clear away. */
const SETTLE_MS = 1_000;
/** Parts of the time, of which the middle one counts: in some of them V8 collects garbage, or compiles what it has seen often. */
const PARTS = 5;
/** Nine seconds after very many connections have ended, a node gives back the memory that they took, at one go. */
const MOST_CLOSED_MS = 7_000;

/**
 * What control connections cost, on which nothing is said but Pings: the CPU time of a process while they are open, less that
 * of the same process when they are closed and all else is as it was; of either the median of five parts. They are closed then.
 * @returns nanoseconds of CPU time per second; below 0 if they cost less than the process differs from time to time
 */
export async function measureControlCost(
  process: ConnectedProcess,
  { settleMs, measureMs }: ControlCostPlan,
  clock: ControlCostClock,
): Promise<number> {
  await clock.wait(settleMs);
  const connected = await cpuNsPerSecond(process, measureMs, clock);
  await process.hangUp();
  await clock.wait(SETTLE_MS);
  return connected - (await cpuNsPerSecond(process, Math.min(measureMs, MOST_CLOSED_MS), clock));
}

async function cpuNsPerSecond(process: ConnectedProcess, forMs: number, { nowMs, wait }: ControlCostClock): Promise<number> {
  const parts: number[] = [];
  for (let part = 0; part < PARTS; part++) {
    const before = { ns: process.cpuNs(), atMs: nowMs() };
    await wait(forMs / PARTS);
    const ns = process.cpuNs() - before.ns;
    parts.push((ns / (nowMs() - before.atMs)) * 1_000);
  }
  return median(parts);
}
