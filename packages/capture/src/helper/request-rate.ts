/** Requests of one connection a second, and at once: a server browser's flows come together. */
const REQUESTS_PER_SECOND = 200;
const BURST = 4_000;

/** A token bucket for one connection's requests. */
export class RequestRate {
  #tokens = BURST;
  #filledMs: number;

  /** @param nowMs any monotonic clock in milliseconds. */
  constructor(nowMs: number) {
    this.#filledMs = nowMs;
  }

  /** @returns whether one more request may be obeyed now. */
  take(nowMs: number): boolean {
    this.#tokens = Math.min(BURST, this.#tokens + ((nowMs - this.#filledMs) * REQUESTS_PER_SECOND) / 1_000);
    this.#filledMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
