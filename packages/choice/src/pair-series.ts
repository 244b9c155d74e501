import { figuresOf } from './rule.ts';
import type { Figures } from './rule.ts';

const FIRST_CAPACITY = 16;

/**
 * The newest pairs of one kind of probe by one node. It is a ring that grows up to its limit:
 *
 * ```
 *  capacity 8, 5 pairs:   . . | oldest ... newest | .
 *                              first           (first + count - 1) % capacity
 * ```
 */
export class PairSeries {
  readonly #maxPairs: number;
  #direct = new Float32Array(FIRST_CAPACITY);
  #node = new Float32Array(FIRST_CAPACITY);
  #atMs = new Float64Array(FIRST_CAPACITY);
  #first = 0;
  #count = 0;

  /** @param maxPairs how many it keeps; older ones go. */
  constructor(maxPairs: number) {
    this.#maxPairs = maxPairs;
  }

  get pairs(): number {
    return this.#count;
  }

  /** When the newest pair was measured; -Infinity without any. */
  get newestMs(): number {
    return this.#count === 0 ? -Infinity : this.#atMs[(this.#first + this.#count - 1) % this.#atMs.length];
  }

  /** Round trips in milliseconds, null for a lost one. */
  add(directMs: number | null, nodeMs: number | null, atMs: number): void {
    if (this.#count === this.#maxPairs) this.#drop();
    if (this.#count === this.#atMs.length) this.#grow();
    const at = (this.#first + this.#count) % this.#atMs.length;
    this.#direct[at] = directMs ?? NaN;
    this.#node[at] = nodeMs ?? NaN;
    this.#atMs[at] = atMs;
    this.#count++;
  }

  /** Forgets pairs that are older than `sinceMs`. */
  forgetBefore(sinceMs: number): void {
    while (this.#count > 0 && this.#atMs[this.#first] < sinceMs) this.#drop();
  }

  /** The figures of all that are kept, or of those since a time. */
  figures(sinceMs = -Infinity): Figures {
    const { direct, node, atMs } = this.#inOrder(this.#count);
    let first = 0;
    while (first < atMs.length && atMs[first] < sinceMs) first++;
    return figuresOf(direct.subarray(first), node.subarray(first));
  }

  #drop(): void {
    this.#first = (this.#first + 1) % this.#atMs.length;
    this.#count--;
  }

  #grow(): void {
    const { direct, node, atMs } = this.#inOrder(Math.min(this.#maxPairs, 2 * this.#count));
    this.#direct = direct;
    this.#node = node;
    this.#atMs = atMs;
    this.#first = 0;
  }

  #inOrder(capacity: number): { direct: Float32Array<ArrayBuffer>; node: Float32Array<ArrayBuffer>; atMs: Float64Array<ArrayBuffer> } {
    const direct = new Float32Array(capacity);
    const node = new Float32Array(capacity);
    const atMs = new Float64Array(capacity);
    for (let i = 0; i < this.#count; i++) {
      const at = (this.#first + i) % this.#atMs.length;
      direct[i] = this.#direct[at];
      node[i] = this.#node[at];
      atMs[i] = this.#atMs[at];
    }
    return { direct, node, atMs };
  }
}
