/** More than this long without a turn, and what would have been due is not made up for. */
const FORGIVEN_MS = 250;

/** Calls `step` at a steady rate on average, whatever the timers' precision. */
export class Pace {
  readonly #timer: NodeJS.Timeout;
  readonly #intervalMs: number;
  #nextMs: number;

  constructor(perSecond: number, step: (nowMs: number) => void) {
    this.#intervalMs = 1_000 / perSecond;
    this.#nextMs = performance.now() + this.#intervalMs;
    this.#timer = setInterval(
      () => {
        const nowMs = performance.now();
        if (nowMs - this.#nextMs > FORGIVEN_MS) this.#nextMs = nowMs;
        for (; this.#nextMs <= nowMs; this.#nextMs += this.#intervalMs) step(nowMs);
      },
      Math.max(1, Math.floor(this.#intervalMs / 2)),
    );
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
