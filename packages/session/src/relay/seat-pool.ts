import type { Milliseconds } from '@lightspeed/wire';

/** A seat that was given. */
export interface Seat {
  /** From 0 up to the capacity. */
  readonly number: number;
  /** Whether nobody of the same account has had it lately: what is counted for it starts afresh. */
  readonly isFresh: boolean;
}

/**
 * Gives seats to sessions, by account. What limits count belongs to the seat. A seat that is given back is kept for its account for
 * a while, and the account's next session gets it again. So nobody gets rid of what was counted by opening sessions anew.
 *
 * ```
 *   free ring    | . | 4 | 5 | 0 | 7 | . | . |    the one that was free for longest is given next
 *   kept         account -> its seats             the one that was given back last is given first
 * ```
 *
 * Memory is bounded by the capacity. If all seats are taken or kept, the one that was kept for longest is given.
 */
export class SeatPool<Account> {
  readonly #keepMs: Milliseconds;
  readonly #free: Int32Array;
  #firstFree = 0;
  #freeCount: number;
  readonly #keptBy = new Map<Account, number[]>();
  /** Seats that are kept, in the order in which they were given back, with when that was. */
  readonly #kept = new Map<number, { readonly account: Account; readonly sinceMs: Milliseconds }>();

  /** @param keepMs how long a seat is kept for its account. */
  constructor(capacity: number, keepMs: Milliseconds) {
    this.#keepMs = keepMs;
    this.#free = Int32Array.from({ length: capacity }, (_, seat) => seat);
    this.#freeCount = capacity;
  }

  /**
   * @param nowMs any clock in milliseconds, the same for all calls; it may wrap like an int32.
   * @throws {RangeError} if all are taken: a fault of whoever counts what may be held.
   */
  take(account: Account, nowMs: Milliseconds): Seat {
    this.#freeKept(nowMs);
    const own = this.#keptBy.get(account)?.at(-1);
    if (own !== undefined) {
      this.#forget(own);
      return { number: own, isFresh: false };
    }
    if (this.#freeCount === 0) this.#freeOldest();
    if (this.#freeCount === 0) throw new RangeError('no seat is left');
    const number = this.#free[this.#firstFree];
    this.#firstFree = (this.#firstFree + 1) % this.#free.length;
    this.#freeCount--;
    return { number, isFresh: true };
  }

  /**
   * Gives a seat back, which stays its account's for a while.
   * @param isKept false for an account that may be made up: the seat is free for all.
   */
  give(seat: number, account: Account, nowMs: Milliseconds, isKept = true): void {
    this.#freeKept(nowMs);
    if (!isKept) return this.#putBack(seat);
    this.#kept.set(seat, { account, sinceMs: nowMs });
    const seats = this.#keptBy.get(account);
    if (seats === undefined) this.#keptBy.set(account, [seat]);
    else seats.push(seat);
  }

  #freeKept(nowMs: Milliseconds): void {
    for (const { sinceMs } of this.#kept.values()) {
      if (((nowMs - sinceMs) | 0) < this.#keepMs) return;
      this.#freeOldest();
    }
  }

  #freeOldest(): void {
    const oldest = this.#kept.keys().next().value;
    if (oldest === undefined) return;
    this.#forget(oldest);
    this.#putBack(oldest);
  }

  #putBack(seat: number): void {
    this.#free[(this.#firstFree + this.#freeCount) % this.#free.length] = seat;
    this.#freeCount++;
  }

  #forget(seat: number): void {
    const account = this.#kept.get(seat)?.account;
    this.#kept.delete(seat);
    if (account === undefined) return;
    const seats = this.#keptBy.get(account);
    if (seats === undefined) return;
    seats.splice(seats.indexOf(seat), 1);
    if (seats.length === 0) this.#keptBy.delete(account);
  }
}
