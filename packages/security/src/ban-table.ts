import { hashPrefix } from './hash-prefix.ts';
import { MAX_DURATION_MS, requireInteger, requirePowerOfTwo } from './option-ranges.ts';

/** How many bans there may be, and how long one lasts. */
export interface BanTableOptions {
  /** Bans held at once, a power of two of at least 16; 16,384 by default. */
  readonly capacity?: number;
  /** How long a ban lasts that does not say; 3,600,000 by default, at most 2^31 - 1. */
  readonly durationMs?: number;
  /** Any int32, random per process: who does not know it cannot push a certain ban out. */
  readonly hashSeed: number;
}

/** Cells of a bucket. Every address has two buckets. */
const BUCKET_BITS = 3;
const BUCKET = 1 << BUCKET_BITS;
const NEIGHBOURS = 2 * BUCKET;

/**
 * Banned addresses and when their bans end (docs/protocol.md, Limits), in memory that never grows. An IPv6 address is banned
 * with its whole /64: whoever has one of its addresses has all.
 *
 * ```text
 *            first bucket                            second bucket
 *   cells . |n n n n n n n n| . . . . . . . . . . . |n n n n n n n n| .      an address is in one of these, or nowhere
 * ```
 *
 * A new ban goes into the emptier one of its buckets. So a table keeps all bans up to two thirds of its capacity, and
 * all but a few beyond. Where both buckets are full, the ban among these neighbours that ends soonest gives way, ended
 * ones first: the table forgets early and never refuses.
 *
 * Times are wrapping int32 milliseconds. Ended bans stay in their cells until {@link sweep} or a new ban takes them.
 * Call `sweep` at least once a day, since a time more than 24.8 days past looks like the future.
 */
export class BanTable {
  readonly #mask: number;
  readonly #durationMs: number;
  readonly #hashSeed: number;
  readonly #highs: Int32Array;
  readonly #lows: Int32Array;
  readonly #endsAtMs: Int32Array;
  readonly #taken: Uint8Array;
  #held: number;

  /** @throws {SecurityError} `ERR_SECURITY_OPTION_RANGE` */
  constructor(options: BanTableOptions) {
    const capacity = requirePowerOfTwo('capacity', options.capacity ?? 16_384, NEIGHBOURS);
    this.#mask = capacity - 1;
    this.#durationMs = requireInteger('durationMs', options.durationMs ?? 3_600_000, 1, MAX_DURATION_MS);
    this.#hashSeed = options.hashSeed | 0;
    this.#highs = new Int32Array(capacity);
    this.#lows = new Int32Array(capacity);
    this.#endsAtMs = new Int32Array(capacity);
    this.#taken = new Uint8Array(capacity);
    this.#held = 0;
  }

  /** Bans in the table, those included that ended since the last {@link sweep}. */
  get size(): number {
    return this.#held;
  }

  /**
   * Bans an address from now on. A ban that exists is never shortened: {@link unban} first.
   *
   * @param high - first word of the address's prefix, `AddressBook.prefixHigh` of @lightspeed/wire; signed or unsigned form.
   * @param low - second word, likewise.
   * @throws {SecurityError} `ERR_SECURITY_OPTION_RANGE` if the duration is not an integer from 1 to 2^31 - 1.
   */
  ban(high: number, low: number, nowMs: number, durationMs: number = this.#durationMs): void {
    requireInteger('durationMs', durationMs, 1, MAX_DURATION_MS);
    let cell = this.#find(high, low);
    if (cell < 0) {
      cell = this.#makeRoom(high, low, nowMs);
      this.#taken[cell] = 1;
      this.#highs[cell] = high;
      this.#lows[cell] = low;
      this.#held += 1;
    } else if (((this.#endsAtMs[cell] - nowMs) | 0) > durationMs) {
      return;
    }
    this.#endsAtMs[cell] = nowMs + durationMs;
  }

  /** Ends a ban. @returns whether the address was in the table. */
  unban(high: number, low: number): boolean {
    const cell = this.#find(high, low);
    if (cell < 0) return false;
    this.#clear(cell);
    return true;
  }

  /** Whether a datagram from an address with this prefix is to be dropped and counted as `DropReason.banned`. Changes nothing. */
  isBanned(high: number, low: number, nowMs: number): boolean {
    if (this.#held === 0) return false;
    const cell = this.#find(high, low);
    return cell >= 0 && ((this.#endsAtMs[cell] - nowMs) | 0) > 0;
  }

  /** Frees the cells of bans that have ended. Walks the whole table: for a timer, not for the packet path. */
  sweep(nowMs: number): void {
    for (let cell = 0; cell <= this.#mask; cell++) {
      if (this.#taken[cell] === 1 && ((this.#endsAtMs[cell] - nowMs) | 0) <= 0) this.#clear(cell);
    }
  }

  #find(high: number, low: number): number {
    const hash = hashPrefix(high, low, this.#hashSeed);
    for (let i = 0; i < NEIGHBOURS; i++) {
      const cell = this.#neighbour(hash, i);
      if (this.#lows[cell] === (low | 0) && this.#highs[cell] === (high | 0) && this.#taken[cell] === 1) return cell;
    }
    return -1;
  }

  /** A free cell for an address that is in none, made free if need be. */
  #makeRoom(high: number, low: number, nowMs: number): number {
    const hash = hashPrefix(high, low, this.#hashSeed);
    let soonest = this.#neighbour(hash, 0);
    let freeInFirst = 0;
    let freeInSecond = 0;
    let freeCellInFirst = -1;
    let freeCellInSecond = -1;
    for (let i = 0; i < NEIGHBOURS; i++) {
      const cell = this.#neighbour(hash, i);
      if (this.#taken[cell] === 1) {
        if (((this.#endsAtMs[cell] - nowMs) | 0) < ((this.#endsAtMs[soonest] - nowMs) | 0)) soonest = cell;
      } else if (i < BUCKET) {
        freeInFirst += 1;
        freeCellInFirst = cell;
      } else {
        freeInSecond += 1;
        freeCellInSecond = cell;
      }
    }
    if (freeInFirst + freeInSecond > 0) return freeInFirst >= freeInSecond ? freeCellInFirst : freeCellInSecond;
    this.#clear(soonest);
    return soonest;
  }

  /** The `i`th of the 16 cells for a hash. */
  #neighbour(hash: number, i: number): number {
    // The odd difference keeps the second bucket from being the first again.
    const bucket = i < BUCKET ? hash : hash ^ ((hash >>> 15) | 1);
    return ((bucket << BUCKET_BITS) & this.#mask) | (i & (BUCKET - 1));
  }

  #clear(cell: number): void {
    this.#taken[cell] = 0;
    this.#held -= 1;
  }
}
