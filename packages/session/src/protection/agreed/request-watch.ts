import { sequenceDelta } from '@lightspeed/wire';
import type { Milliseconds, SequenceNumber } from '@lightspeed/wire';
import type { DuplicateWindow } from '../../base/duplicate-window.ts';

/** So many requests in a row without an answer, and the peer is asked only now and then, less and less often. */
const UNANSWERED_TO_REST = 4;
const FIRST_REST_MS = 2_000;
const LONGEST_REST_MS = 64_000;
/** A peer that repeats by itself does so for so long at least. */
const REPEATED_MS = 500;
/** A longer gap is an outage, in which most is too old by now. It is as much as one request can name. */
const MAX_GAP = 17;

/** Sees gaps in the numbers that come, and whether it is worth while to ask for what is missing. */
export class RequestWatch {
  #newest = -1;
  #unanswered = 0;
  #askedMs: Milliseconds = 0;
  #restMs = FIRST_REST_MS;
  #hasRepeats = false;
  #repeatedMs: Milliseconds = 0;
  /** The first missing number, and the others behind it, as a request has them. */
  base: SequenceNumber = 0;
  mask = 0;

  /**
   * A packet of the data plane has come for the first time, and its payloads are delivered.
   * @param window what has come.
   * @returns whether numbers are missing in front of it that are worth a request: `base` and `mask` say which.
   */
  arrived(sequence: SequenceNumber, window: DuplicateWindow, nowMs: Milliseconds): boolean {
    const ahead = this.#newest < 0 ? 1 : sequenceDelta(sequence, this.#newest);
    if (ahead <= 0) return false;
    this.#newest = sequence;
    if (ahead === 1 || ahead - 1 > MAX_GAP) return false;
    const isResting = this.#unanswered >= UNANSWERED_TO_REST && (nowMs - this.#askedMs) >>> 0 < this.#restMs;
    if (isResting || (this.#hasRepeats && (nowMs - this.#repeatedMs) >>> 0 < REPEATED_MS)) return false;
    this.mask = -1;
    for (let behind = ahead - 1; behind > 0; behind--) {
      const number = (sequence - behind) & 0xffff;
      if (!window.isMissing(number)) continue;
      if (this.mask < 0) {
        this.base = number;
        this.mask = 0;
      } else this.mask |= 1 << (sequenceDelta(number, this.base) - 1);
    }
    if (this.mask < 0) return false;
    if (this.#unanswered++ >= UNANSWERED_TO_REST) this.#restMs = Math.min(LONGEST_REST_MS, 2 * this.#restMs);
    this.#askedMs = nowMs;
    return true;
  }

  /** Repeats have come that nobody has asked for: for a while there is no need to ask. */
  repeated(nowMs: Milliseconds): void {
    this.#hasRepeats = true;
    this.#repeatedMs = nowMs;
  }

  /** Whether a request waits for its answer. */
  get isWaiting(): boolean {
    return this.#unanswered > 0;
  }

  /** A payload came that had been missing. @returns how long after the request, if it is the only one without an answer; else -1. */
  answered(nowMs: Milliseconds): Milliseconds | -1 {
    const wasOnly = this.#unanswered === 1;
    this.#unanswered = 0;
    this.#restMs = FIRST_REST_MS;
    return wasOnly ? (nowMs - this.#askedMs) | 0 : -1;
  }

  /** The numbers begin anew. */
  restart(): void {
    this.#newest = -1;
    this.#unanswered = 0;
  }
}
