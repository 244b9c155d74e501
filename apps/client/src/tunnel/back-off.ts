const FIRST_PAUSE_MS = 500;
/** Between two questions to a node that has refused. */
const LONGEST_PAUSE_MS = 300_000;
/** Between two attempts to reach a node that does not answer, which costs it nothing. */
export const LONGEST_SILENCE_PAUSE_MS = 15_000;
/** Each pause is shorter by up to this share, so that many clients do not come back at once. */
const JITTER = 0.5;
/** A session that lasted as long ended for a reason of its own: the pauses start over. */
const LASTING_SESSION_MS = 30_000;

/**
 * When to ask a node for a new session after it has ended the last one. The pause doubles each time, and starts over once after a
 * session that lasted. So a node that shuts down or refuses us gets few requests. Times are wrapping int32 milliseconds.
 */
export class BackOff {
  #pauseMs = FIRST_PAUSE_MS;
  readonly #random: () => number;
  #establishedMs = 0;
  /** Whether there was a session since the last end. */
  #wasEstablished = false;
  #dueMs = 0;
  #waiting = false;

  /** @param random gives numbers from 0 to below 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  established(nowMs: number): void {
    this.#establishedMs = nowMs;
    this.#wasEstablished = true;
  }

  /** The node has ended the session, or refused one. @returns the pause in milliseconds, at most `longestMs`. */
  ended(nowMs: number, longestMs = LONGEST_PAUSE_MS): number {
    if (this.#wasEstablished && ((nowMs - this.#establishedMs) | 0) >= LASTING_SESSION_MS) this.#pauseMs = FIRST_PAUSE_MS;
    this.#wasEstablished = false;
    const fullMs = Math.min(this.#pauseMs, longestMs);
    this.#pauseMs = Math.min(fullMs * 2, LONGEST_PAUSE_MS);
    const pauseMs = Math.ceil(fullMs * (1 - JITTER * this.#random()));
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
