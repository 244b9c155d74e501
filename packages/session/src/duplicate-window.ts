import { DropReason, sequenceDelta } from '@lightspeed/wire';
import type { SequenceNumber } from '@lightspeed/wire';

/** How many of the latest sequence numbers a window remembers (docs/protocol.md, Duplicates). */
export const DUPLICATE_WINDOW_PACKETS = 1024;

/** Words of 32 bits that a window takes. */
export const DUPLICATE_WINDOW_WORDS = DUPLICATE_WINDOW_PACKETS / 32;

/**
 * Sliding window over a 16-bit sequence that wraps. It tells a packet's first arrival from every later one
 * (docs/protocol.md, Duplicates). The idea is that of RFC 6479.
 *
 * ```
 *   one bit for each of the last 1,024 numbers, at `number mod 1,024`
 *
 *       newest - 1,023                newest
 *   ------|----------------------------|----------->  sequence
 *  tooOld |  seen: duplicate, else new |  new, and the window moves up to it
 * ```
 */
export class DuplicateWindow {
  readonly #words: Int32Array;
  readonly #first: number;
  #newest = -1;
  #span = 0;
  #unique = 0;
  #late = 0;
  #spanBefore = 0;

  /**
   * @param words memory for its bits. The `DUPLICATE_WINDOW_WORDS` words from `first` on are its own from now on. So
   *   many windows may share one array. Default: an array of its own.
   */
  constructor(words: Int32Array = new Int32Array(DUPLICATE_WINDOW_WORDS), first = 0) {
    this.#words = words;
    this.#first = first;
    this.#clear();
  }

  /**
   * Takes note of a packet.
   * @param sequence 0 to 65,535.
   * @returns 0 on its first arrival, else `DropReason.duplicate` or `DropReason.tooOld`.
   */
  accept(sequence: SequenceNumber): DropReason | 0 {
    if (this.#newest < 0) {
      this.#newest = sequence;
      this.#span = 1;
      this.#mark(sequence);
      return 0;
    }
    const ahead = sequenceDelta(sequence, this.#newest);
    if (ahead > 0) {
      this.#advance(ahead);
      this.#newest = sequence;
      this.#span += ahead;
      this.#mark(sequence);
      return 0;
    }
    if (ahead <= -DUPLICATE_WINDOW_PACKETS) return DropReason.tooOld;
    if ((this.#words[this.#wordOf(sequence)] & (1 << (sequence & 31))) !== 0) return DropReason.duplicate;
    if (-ahead >= this.#span) this.#span = 1 - ahead;
    this.#late++;
    this.#mark(sequence);
    return 0;
  }

  /** Forgets what was seen; the next packet, whatever its number, is a first one. `expected` and `received` go on. */
  reset(): void {
    this.#clear();
    this.#newest = -1;
    this.#spanBefore += this.#span;
    this.#span = 0;
  }

  /** How many numbers lie between the oldest and the newest that were accepted, both included; summed over resets. */
  get expected(): number {
    return this.#spanBefore + this.#span;
  }

  /** How many different numbers were accepted: `expected - received` packets were lost or are still on their way. */
  get received(): number {
    return this.#unique;
  }

  /** How many of those that were accepted came behind a later one. */
  get late(): number {
    return this.#late;
  }

  #mark(sequence: SequenceNumber): void {
    this.#words[this.#wordOf(sequence)] |= 1 << (sequence & 31);
    this.#unique++;
  }

  /** Clears the bits of the numbers that come into the window. */
  #advance(count: number): void {
    if (count >= DUPLICATE_WINDOW_PACKETS) {
      this.#clear();
      return;
    }
    for (let number = this.#newest + 1; number <= this.#newest + count; number++) {
      this.#words[this.#wordOf(number)] &= ~(1 << (number & 31));
    }
  }

  #clear(): void {
    this.#words.fill(0, this.#first, this.#first + DUPLICATE_WINDOW_WORDS);
  }

  #wordOf(sequence: SequenceNumber): number {
    return this.#first + ((sequence >> 5) & (DUPLICATE_WINDOW_WORDS - 1));
  }
}
