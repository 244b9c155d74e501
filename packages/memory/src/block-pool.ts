import { HEADROOM_BYTES } from './headroom.ts';
import { requireInteger } from './memory-error.ts';

const MAX_OFFSET = 2 ** 31 - 1;
const NOBODY = -1;
const FIRST_OWNERS = 64;

/**
 * Hands out blocks of one size in a region of some memory, by the offsets of their contents. It touches no byte of them.
 *
 * ```
 *      start            content offset: what take() gives and release() wants
 *        v                       v
 *  | ... | headroom (128) | content | headroom (128) | content | ... | (rest) |
 *        |<------- block 0 -------->|<------- block 1 -------->|
 * ```
 */
export class BlockPool {
  /** How many blocks there are. */
  readonly capacity: number;
  readonly #blockBytes: number;
  readonly #firstContent: number;
  /** A stack of the free blocks' numbers: the lowest `#freeCount` entries count. */
  readonly #free: Int32Array;
  readonly #taken: Uint8Array;
  #freeCount: number;
  /** By block: who has it, or -1. */
  readonly #owners: Int32Array;
  /** By owner: how many blocks it has. */
  #held = new Int32Array(FIRST_OWNERS);
  /** How often an owner was refused a block because it had its share. */
  overShare = 0;

  /**
   * Divides `lengthBytes` bytes from `start` on into as many blocks as fit, none included.
   * @param contentBytes bytes of a block's content
   * @throws {MemoryError} `ERR_MEMORY_SIZE` if a number is out of range
   */
  constructor(start: number, lengthBytes: number, contentBytes: number) {
    requireInteger('start', start, 0, MAX_OFFSET);
    requireInteger('lengthBytes', lengthBytes, 0, MAX_OFFSET - start);
    requireInteger('contentBytes', contentBytes, 1, MAX_OFFSET - HEADROOM_BYTES);
    this.#blockBytes = HEADROOM_BYTES + contentBytes;
    this.capacity = Math.floor(lengthBytes / this.#blockBytes);
    this.#firstContent = start + HEADROOM_BYTES;
    this.#free = new Int32Array(this.capacity);
    this.#taken = new Uint8Array(this.capacity);
    this.#owners = new Int32Array(this.capacity).fill(NOBODY);
    this.#freeCount = this.capacity;
    // The lowest block on top: a lightly used pool keeps to the same few blocks, which stay in the cache.
    for (let i = 0; i < this.capacity; i++) this.#free[i] = this.capacity - 1 - i;
  }

  /** How many blocks are free. */
  get available(): number {
    return this.#freeCount;
  }

  /**
   * Takes a block. Its bytes are whatever its last user left there.
   * @param owner for whom, a small number from 0 on, or -1 for nobody in particular. An owner may not have more blocks than are free.
   *   So there is always one for an owner that has few.
   * @returns the offset of its content, or -1 if no block is free, or if the owner has its share.
   */
  take(owner = NOBODY): number {
    if (this.#freeCount === 0) return -1;
    if (owner >= 0 && !this.#count(owner)) return -1;
    const block = this.#free[--this.#freeCount];
    this.#taken[block] = 1;
    this.#owners[block] = owner;
    return this.#firstContent + block * this.#blockBytes;
  }

  /**
   * Gives a block back.
   * @param contentOffset what `take` returned
   * @returns false, with nothing changed, if that is no block that is taken
   */
  release(contentOffset: number): boolean {
    if (!this.isTaken(contentOffset)) return false;
    const block = ((contentOffset - this.#firstContent) / this.#blockBytes) | 0;
    this.#taken[block] = 0;
    const owner = this.#owners[block];
    if (owner >= 0) this.#held[owner]--;
    this.#free[this.#freeCount++] = block;
    return true;
  }

  /** Counts one block more for an owner. @returns false if it has its share. */
  #count(owner: number): boolean {
    if (owner >= this.#held.length) {
      const larger = new Int32Array(Math.max(owner + 1, 2 * this.#held.length));
      larger.set(this.#held);
      this.#held = larger;
    }
    if (this.#held[owner] >= this.#freeCount) {
      this.overShare++;
      return false;
    }
    this.#held[owner]++;
    return true;
  }

  /** Whether a taken block's content begins there. */
  isTaken(contentOffset: number): boolean {
    const distance = contentOffset - this.#firstContent;
    const block = (distance / this.#blockBytes) | 0;
    // A block that is not one reads as undefined here.
    return this.#taken[block] === 1 && block * this.#blockBytes === distance;
  }
}
