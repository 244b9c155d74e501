import type { SessionQuota } from '@lightspeed/session';

/**
 * The sessions that all workers of a node may have together.
 *
 * ```
 *   Int32Array over shared memory    | worker 0 | worker 1 | ... |     how many sessions each has now
 * ```
 *
 * Each worker writes only its own number and adds up all of them. To give back the share of a dead worker, one number
 * is set to 0. Two workers that take the last one at the same moment may both be refused.
 */
export class SharedSessionQuota implements SessionQuota {
  readonly #shares: Int32Array;
  readonly #own: number;
  readonly #most: number;

  /** @param memory from {@link sessionQuotaMemory}; `own` is the worker's index in it. */
  constructor(memory: SharedArrayBuffer, own: number, most: number) {
    this.#shares = new Int32Array(memory);
    this.#own = own;
    this.#most = most;
  }

  take(): boolean {
    Atomics.add(this.#shares, this.#own, 1);
    let taken = 0;
    for (let worker = 0; worker < this.#shares.length; worker++) taken += Atomics.load(this.#shares, worker);
    if (taken <= this.#most) return true;
    this.give();
    return false;
  }

  give(): void {
    Atomics.sub(this.#shares, this.#own, 1);
  }
}

/** New shared memory for the shares of so many workers, all 0. */
export function sessionQuotaMemory(workers: number): SharedArrayBuffer {
  return new SharedArrayBuffer(workers * Int32Array.BYTES_PER_ELEMENT);
}

/** Sessions that a worker has now. */
export function sessionsOf(memory: SharedArrayBuffer, worker: number): number {
  return Atomics.load(new Int32Array(memory), worker);
}

/** Gives back all that a worker had. Call it when the worker is gone. */
export function giveBackSessionsOf(memory: SharedArrayBuffer, worker: number): void {
  Atomics.store(new Int32Array(memory), worker, 0);
}
