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

/** After registrations, and after connections have ended, a process has something to clear away. */
const SETTLE_MS = 1_000;

/**
 * What control connections cost, on which nothing is said but Pings: the CPU time of a process while they are open, less that
 * of the same process when they are closed and all else is as it was. They are closed then.
 * @param forMs how long each of both is measured
 * @returns nanoseconds of CPU time per second; below 0 if they cost less than the process differs from time to time
 */
export async function measureControlCost(process: ConnectedProcess, forMs: number, clock: ControlCostClock): Promise<number> {
  const connected = await cpuNsPerSecond(process, forMs, clock);
  await process.hangUp();
  return connected - (await cpuNsPerSecond(process, forMs, clock));
}

async function cpuNsPerSecond(process: ConnectedProcess, forMs: number, { nowMs, wait }: ControlCostClock): Promise<number> {
  await wait(SETTLE_MS);
  const before = { ns: process.cpuNs(), atMs: nowMs() };
  await wait(forMs);
  const ns = process.cpuNs() - before.ns;
  return (ns / (nowMs() - before.atMs)) * 1_000;
}
