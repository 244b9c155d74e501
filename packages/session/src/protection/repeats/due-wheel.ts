import type { Milliseconds } from '@lightspeed/wire';

/** Slots of a millisecond: more than the longest deadline. */
const SLOTS = 128;
const LAST = SLOTS - 1;

/** What waits for a time. Only the wheel writes its fields. */
export interface Due {
  /** Its time, by a wrapping int32 clock in milliseconds. */
  dueMs: Milliseconds;
  isWaiting: boolean;
  previousDue: Due | null;
  nextDue: Due | null;
  /** Its time has come. It waits no more, and may wait again. */
  handleDue(): void;
}

/**
 * Timers by slots of a millisecond: a hashed timing wheel (Varghese and Lauck). To set, move and end one takes the same time,
 * however many there are. Times that are farther away than the wheel is long are due when it ends.
 */
export class DueWheel {
  readonly #slots: (Due | null)[] = new Array<Due | null>(SLOTS).fill(null);
  #doneMs: Milliseconds = 0;
  #count = 0;
  /** What {@link msUntilDue} has told last, as a time, and whether something was set since then that is due before it. */
  #toldMs: Milliseconds = 0;
  #isSooner = false;

  /** Sets or moves its time. One that is over is due in the next millisecond. */
  set(due: Due, dueMs: Milliseconds, nowMs: Milliseconds): void {
    if (due.isWaiting) this.end(due);
    if (this.#count++ === 0) this.#doneMs = nowMs;
    const inMs = Math.min(Math.max((dueMs - this.#doneMs) | 0, 1), LAST);
    due.dueMs = (this.#doneMs + inMs) | 0;
    due.isWaiting = true;
    if (((due.dueMs - this.#toldMs) | 0) < 0) {
      this.#toldMs = due.dueMs;
      this.#isSooner = true;
    }
    const slot = due.dueMs & LAST;
    const next = this.#slots[slot];
    due.previousDue = null;
    due.nextDue = next;
    if (next !== null) next.previousDue = due;
    this.#slots[slot] = due;
  }

  /** Takes it out, if it waits. */
  end(due: Due): void {
    if (!due.isWaiting) return;
    const { previousDue, nextDue } = due;
    if (previousDue === null) this.#slots[due.dueMs & LAST] = nextDue;
    else previousDue.nextDue = nextDue;
    if (nextDue !== null) nextDue.previousDue = previousDue;
    due.previousDue = null;
    due.nextDue = null;
    due.isWaiting = false;
    this.#count--;
  }

  /** Handles all whose time has come. */
  advance(nowMs: Milliseconds): void {
    // After a pause, such as that of a machine that slept, one round meets all that wait.
    if (((nowMs - this.#doneMs) | 0) > SLOTS) this.#doneMs = (nowMs - SLOTS) | 0;
    while (this.#count > 0 && ((nowMs - this.#doneMs) | 0) > 0) {
      this.#doneMs = (this.#doneMs + 1) | 0;
      let due = this.#slots[this.#doneMs & LAST];
      while (due !== null) {
        this.end(due);
        due.handleDue();
        due = this.#slots[this.#doneMs & LAST];
      }
    }
    this.#doneMs = nowMs;
  }

  /** Milliseconds until one is due, or `atMost`. */
  msUntilDue(nowMs: Milliseconds, atMost: Milliseconds): Milliseconds {
    const next = this.#msUntilNext(nowMs, atMost);
    this.#toldMs = (nowMs + next) | 0;
    this.#isSooner = false;
    return next;
  }

  /** Whether something was set since {@link msUntilDue} was asked that is due before what it said. @returns milliseconds until then, or -1. */
  msUntilSooner(nowMs: Milliseconds): Milliseconds | -1 {
    if (!this.#isSooner) return -1;
    this.#isSooner = false;
    return Math.max(0, (this.#toldMs - nowMs) | 0);
  }

  #msUntilNext(nowMs: Milliseconds, atMost: Milliseconds): Milliseconds {
    if (this.#count === 0) return atMost;
    const behindMs = (nowMs - this.#doneMs) | 0;
    for (let inMs = 1; inMs < SLOTS; inMs++) {
      if (inMs - behindMs >= atMost) return atMost;
      if (this.#slots[(this.#doneMs + inMs) & LAST] !== null) return Math.max(0, inMs - behindMs);
    }
    return atMost;
  }
}
