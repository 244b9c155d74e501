const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** A session that lasted as long ended for a reason of its own: the pauses start over. */
const LASTING_SESSION_MS = 30_000;

/**
 * When to ask a node for a new session after it has ended the last one. The pause doubles each time. So a node that
 * shuts down or refuses us gets few requests. Times are wrapping int32 milliseconds.
 */
export class BackOff {
  #pauseMs = FIRST_PAUSE_MS;
  #establishedMs = 0;
  #dueMs = 0;
  #waiting = false;

  established(nowMs: number): void {
    this.#establishedMs = nowMs;
  }

  /** The node has ended the session. @returns the pause in milliseconds. */
  ended(nowMs: number): number {
    if (((nowMs - this.#establishedMs) | 0) >= LASTING_SESSION_MS) this.#pauseMs = FIRST_PAUSE_MS;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    this.#dueMs = (nowMs + pauseMs) | 0;
    this.#waiting = true;
    return pauseMs;
  }

  /** Whether the pause is over; true once. */
  isDue(nowMs: number): boolean {
    if (!this.#waiting || ((nowMs - this.#dueMs) | 0) < 0) return false;
    this.#waiting = false;
    return true;
  }

  /** Milliseconds until the pause is over, at most `atMost`. */
  msUntilDue(nowMs: number, atMost: number): number {
    return this.#waiting ? Math.min(atMost, Math.max(0, (this.#dueMs - nowMs) | 0)) : atMost;
  }

  cancel(): void {
    this.#waiting = false;
  }
}
