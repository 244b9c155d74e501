/** Entries are five numbers wide: the key's four, then value + 1, so that 0 marks an empty entry. */
const STRIDE = 5;
const SMALLEST_ENTRIES = 64;

/**
 * Hash table from a key of four 32-bit numbers to a number from 0 to 2^31 - 2: addresses and ports to sessions and
 * flows. Open addressing with linear probing on one typed array; look-ups allocate nothing, insertion only when the
 * table doubles. Deletion moves later entries back, so there are no tombstones to pile up.
 *
 * ```
 *   entries   [ a | b | c | d | value + 1 ] [ a | b | ...
 *               entry hash(a, b, c, d) & mask, or the next free one after it
 * ```
 *
 * The hash is keyed by `seed`: senders who don't know it can't choose addresses that collide.
 */
export class KeyTable {
  readonly #seed: number;
  #entries: Int32Array;
  #mask: number;
  #size = 0;

  /** @param seed 32 random bits. */
  constructor(seed: number) {
    this.#seed = seed | 0;
    this.#entries = new Int32Array(SMALLEST_ENTRIES * STRIDE);
    this.#mask = SMALLEST_ENTRIES - 1;
  }

  /** How many keys are there. */
  get size(): number {
    return this.#size;
  }

  /** The value of a key, or -1. */
  get(a: number, b: number, c: number, d: number): number {
    return this.#entries[this.#find(a, b, c, d) * STRIDE + 4] - 1;
  }

  /** Adds a key, or replaces its value. */
  set(a: number, b: number, c: number, d: number, value: number): void {
    const entries = this.#entries;
    const at = this.#find(a, b, c, d) * STRIDE;
    if (entries[at + 4] === 0) {
      if ((this.#size + 1) * 2 > this.#mask + 1) {
        this.#resize((this.#mask + 1) * 2);
        this.set(a, b, c, d, value);
        return;
      }
      this.#size++;
    }
    entries[at] = a;
    entries[at + 1] = b;
    entries[at + 2] = c;
    entries[at + 3] = d;
    entries[at + 4] = value + 1;
  }

  /**
   * Removes a key.
   * @returns whether it was there.
   */
  delete(a: number, b: number, c: number, d: number): boolean {
    const hole = this.#find(a, b, c, d);
    if (this.#entries[hole * STRIDE + 4] === 0) return false;
    this.#size--;
    this.#closeHole(hole);
    if (this.#mask + 1 > SMALLEST_ENTRIES && this.#size * 8 < this.#mask + 1) this.#resize((this.#mask + 1) / 2);
    return true;
  }

  /** The entry that holds the key, or the empty one where it would go. */
  #find(a: number, b: number, c: number, d: number): number {
    const entries = this.#entries;
    let entry = this.#hash(a, b, c, d) & this.#mask;
    for (;;) {
      const at = entry * STRIDE;
      if (entries[at + 4] === 0) return entry;
      if (
        entries[at] === (a | 0) &&
        entries[at + 1] === (b | 0) &&
        entries[at + 2] === (c | 0) &&
        entries[at + 3] === (d | 0)
      ) {
        return entry;
      }
      entry = (entry + 1) & this.#mask;
    }
  }

  /** Fills the hole with the next entry of the run that may stand there, and goes on with the hole that leaves. */
  #closeHole(hole: number): void {
    const entries = this.#entries;
    let entry = hole;
    for (;;) {
      entry = (entry + 1) & this.#mask;
      const at = entry * STRIDE;
      if (entries[at + 4] === 0) break;
      const home = this.#hash(entries[at], entries[at + 1], entries[at + 2], entries[at + 3]) & this.#mask;
      if (((entry - home) & this.#mask) < ((entry - hole) & this.#mask)) continue;
      entries.copyWithin(hole * STRIDE, at, at + STRIDE);
      hole = entry;
    }
    entries[hole * STRIDE + 4] = 0;
  }

  #resize(count: number): void {
    const old = this.#entries;
    this.#entries = new Int32Array(count * STRIDE);
    this.#mask = count - 1;
    for (let at = 0; at < old.length; at += STRIDE) {
      if (old[at + 4] === 0) continue;
      const to = this.#find(old[at], old[at + 1], old[at + 2], old[at + 3]) * STRIDE;
      this.#entries.set(old.subarray(at, at + STRIDE), to);
    }
  }

  /** Mixes the key as MurmurHash3 does. */
  #hash(a: number, b: number, c: number, d: number): number {
    let hash = mix(mix(mix(mix(this.#seed, a), b), c), d);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) >>> 0;
  }
}

function mix(hash: number, key: number): number {
  let k = Math.imul(key, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  hash ^= k;
  return (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
}
