/**
 * Numbers from 0 up to a limit. The one that was free for longest is given next, so that nobody who still remembers what a
 * number stood for meets it again soon.
 *
 * ```
 *   ring   | . | 4 | 5 | 0 | 7 | . | . |        free numbers
 *                ^ first        ^ first + free
 * ```
 */
export class IndexPool {
  readonly #ring: Int32Array;
  #first = 0;
  #free: number;

  constructor(size: number) {
    this.#ring = Int32Array.from({ length: size }, (_, index) => index);
    this.#free = size;
  }

  /** @throws {RangeError} if none is left: a fault of whoever counts what may be held. */
  take(): number {
    if (this.#free === 0) throw new RangeError('no index is left');
    const index = this.#ring[this.#first];
    this.#first = (this.#first + 1) % this.#ring.length;
    this.#free--;
    return index;
  }

  give(index: number): void {
    this.#ring[(this.#first + this.#free) % this.#ring.length] = index;
    this.#free++;
  }
}
