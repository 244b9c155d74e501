import type { Milliseconds, SessionSlot } from '@lightspeed/wire';
import { MAX_CAPACITY, MAX_DURATION_MS, requireInteger } from './option-ranges.ts';

/** The destination may be opened. */
export const DESTINATION_ADMITTED = 0;
/** The window is full: drop the packet, count `DropReason.reflection`. */
export const DESTINATION_REFUSED = 1;
/** As {@link DESTINATION_REFUSED}, and the client has earned a ban. */
export const DESTINATION_REFUSED_BAN = 2;

/** How many new destinations a session may have in which time. */
export interface ReflectionGuardOptions {
  /** New destinations per window; 10 by default, at most 65,535. */
  readonly maxDestinationsPerWindow?: number;
  /** Length of a window; 10,000 by default. */
  readonly windowMs?: Milliseconds;
  /** Consecutive full windows that earn a ban; 3 by default, at most 255. */
  readonly fullWindowsToBan?: number;
}

/**
 * Keeps a session from spraying the world through the node (docs/protocol.md, Limits): only so many *new* destinations
 * per window. A window is full once a destination was refused in it; full windows in a row, none between them, earn a
 * ban.
 *
 * Windows follow each other without gaps from the slot's reset on. Memory is fixed: 8 bytes per slot. It may be shared by
 * threads, as long as one at a time asks about a slot. Times are wrapping
 * int32 milliseconds; a silence of more than 24.8 days starts anew.
 */
export class ReflectionGuard {
  #maxDestinationsPerWindow: number;
  readonly #windowMs: Milliseconds;
  readonly #fullWindowsToBan: number;
  readonly #windowStartMs: Int32Array;
  readonly #admitted: Uint16Array;
  readonly #full: Uint8Array;
  /** Full windows in a row, the present one included once it is full. */
  readonly #fullInRow: Uint8Array;

  /**
   * @param memory - {@link reflectionGuardBytes} of zeros, or those of another guard with the same capacity. From `byteOffset`
   *   on, a multiple of 8, they are this guard's own. Default: memory of its own.
   * @throws {SecurityError} `ERR_SECURITY_OPTION_RANGE`
   */
  constructor(
    capacity: number,
    options: ReflectionGuardOptions = {},
    memory: ArrayBufferLike = new ArrayBuffer(reflectionGuardBytes(capacity)),
    byteOffset = 0,
  ) {
    this.#maxDestinationsPerWindow = requireInteger('maxDestinationsPerWindow', options.maxDestinationsPerWindow ?? 10, 1, 0xffff);
    // Half the clock's range, so that two windows' length can still be told from the past.
    this.#windowMs = requireInteger('windowMs', options.windowMs ?? 10_000, 1, MAX_DURATION_MS >> 1);
    this.#fullWindowsToBan = requireInteger('fullWindowsToBan', options.fullWindowsToBan ?? 3, 1, 0xff);
    this.#windowStartMs = new Int32Array(memory, byteOffset, capacity);
    this.#admitted = new Uint16Array(memory, byteOffset + 4 * capacity, capacity);
    this.#full = new Uint8Array(memory, byteOffset + 6 * capacity, capacity);
    this.#fullInRow = new Uint8Array(memory, byteOffset + 7 * capacity, capacity);
  }

  /** @throws {SecurityError} `ERR_SECURITY_OPTION_RANGE` */
  setMaxDestinationsPerWindow(most: number): void {
    this.#maxDestinationsPerWindow = requireInteger('maxDestinationsPerWindow', most, 1, 0xffff);
  }

  /** Gives a slot to a new session. */
  reset(slot: SessionSlot, nowMs: Milliseconds): void {
    this.#windowStartMs[slot] = nowMs;
    this.#admitted[slot] = 0;
    this.#full[slot] = 0;
    this.#fullInRow[slot] = 0;
  }

  /**
   * Asks whether a destination that the session has no flow to may be opened, and counts it if so. Destinations that are
   * open already are not asked about.
   *
   * @returns {@link DESTINATION_ADMITTED}, {@link DESTINATION_REFUSED} or {@link DESTINATION_REFUSED_BAN}.
   */
  admitDestination(slot: SessionSlot, nowMs: Milliseconds): 0 | 1 | 2 {
    const elapsedMs = (nowMs - this.#windowStartMs[slot]) | 0;
    if (elapsedMs < 0) this.reset(slot, nowMs);
    else if (elapsedMs >= this.#windowMs) this.#openWindow(slot, elapsedMs);

    if (this.#admitted[slot] < this.#maxDestinationsPerWindow) {
      this.#admitted[slot] += 1;
      return DESTINATION_ADMITTED;
    }
    if (this.#full[slot] === 0) {
      this.#full[slot] = 1;
      this.#fullInRow[slot] = Math.min(this.#fullInRow[slot] + 1, 0xff);
    }
    return this.#fullInRow[slot] >= this.#fullWindowsToBan ? DESTINATION_REFUSED_BAN : DESTINATION_REFUSED;
  }

  #openWindow(slot: SessionSlot, elapsedMs: Milliseconds): void {
    const followsFullWindow = this.#full[slot] === 1 && elapsedMs < 2 * this.#windowMs;
    if (!followsFullWindow) this.#fullInRow[slot] = 0;
    this.#windowStartMs[slot] += elapsedMs - (elapsedMs % this.#windowMs);
    this.#admitted[slot] = 0;
    this.#full[slot] = 0;
  }
}

/** Bytes that a {@link ReflectionGuard} takes for so many slots, a multiple of 8. */
export function reflectionGuardBytes(capacity: number): number {
  return 8 * requireInteger('capacity', capacity, 1, MAX_CAPACITY);
}
