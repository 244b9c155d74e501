/** Entries are five numbers wide: the key's four, then value + 1, so that 0 marks an empty entry. */
const STRIDE = 5;
const SMALLEST_ENTRIES = 64;
/**
 * Entries of the array before that each change looks at after a resize. That array is empty long before the next resize:
 * it takes an eighth as many changes as it had entries, and the next resize is at least a quarter as many away.
 */
const MOVED_PER_CHANGE = 16;

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
 * After a resize keys are in the new array or still in the old one, from which every change takes some over: a table of
 * 100,000 keys doubles without a pause.
 *
 * The hash is keyed by `seed`: senders who don't know it can't choose addresses that collide.
 */
export class KeyTable {
  readonly #seed: number;
  readonly #smallestEntries: number;
  #entries: Int32Array;
  #mask: number;
  /** What was there before the last resize, while keys are left in it: from entry `#nextMoved` on. */
  #old: Int32Array | null = null;
  #oldMask = 0;
  #nextMoved = 0;
  #size = 0;

  /**
   * @param seed 32 random bits.
   * @param expectedKeys room for so many is made at once, and kept: nothing has to grow, and no outgrown array waits to be
   *   collected.
   */
  constructor(seed: number, expectedKeys = 0) {
    this.#seed = seed | 0;
    let entries = SMALLEST_ENTRIES;
    while (entries < expectedKeys * 2) entries *= 2;
    this.#smallestEntries = entries;
    this.#entries = new Int32Array(entries * STRIDE);
    this.#mask = entries - 1;
  }

  /** How many keys are there. */
  get size(): number {
    return this.#size;
  }

  /** The value of a key, or -1. */
  get(a: number, b: number, c: number, d: number): number {
    const hash = hashOf(this.#seed, a, b, c, d);
    const entries = this.#entries;
    const value = entries[find(entries, this.#mask, hash, a, b, c, d) * STRIDE + 4];
    const old = this.#old;
    if (value !== 0 || old === null) return value - 1;
    return old[find(old, this.#oldMask, hash, a, b, c, d) * STRIDE + 4] - 1;
  }

  /** Adds a key, or replaces its value. */
  set(a: number, b: number, c: number, d: number, value: number): void {
    if ((this.#size + 1) * 2 > this.#mask + 1) this.#resize((this.#mask + 1) * 2);
    this.#moveSome();
    if (this.#old !== null) this.#deleteFrom(this.#old, this.#oldMask, a, b, c, d);
    const entries = this.#entries;
    const at = find(entries, this.#mask, hashOf(this.#seed, a, b, c, d), a, b, c, d) * STRIDE;
    if (entries[at + 4] === 0) this.#size++;
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
    this.#moveSome();
    const there =
      this.#deleteFrom(this.#entries, this.#mask, a, b, c, d) ||
      (this.#old !== null && this.#deleteFrom(this.#old, this.#oldMask, a, b, c, d));
    if (this.#mask + 1 > this.#smallestEntries && this.#size * 8 < this.#mask + 1) this.#resize((this.#mask + 1) / 2);
    return there;
  }

  #deleteFrom(entries: Int32Array, mask: number, a: number, b: number, c: number, d: number): boolean {
    const hole = find(entries, mask, hashOf(this.#seed, a, b, c, d), a, b, c, d);
    if (entries[hole * STRIDE + 4] === 0) return false;
    this.#closeHole(entries, mask, hole);
    this.#size--;
    return true;
  }

  /** Fills the hole with the next entry of the run that may stand there, and goes on with the hole that leaves. */
  #closeHole(entries: Int32Array, mask: number, hole: number): void {
    let entry = hole;
    for (;;) {
      entry = (entry + 1) & mask;
      const at = entry * STRIDE;
      if (entries[at + 4] === 0) break;
      const home = hashOf(this.#seed, entries[at], entries[at + 1], entries[at + 2], entries[at + 3]) & mask;
      if (((entry - home) & mask) < ((entry - hole) & mask)) continue;
      entries.copyWithin(hole * STRIDE, at, at + STRIDE);
      hole = entry;
    }
    entries[hole * STRIDE + 4] = 0;
  }

  #resize(count: number): void {
    while (this.#old !== null) this.#moveSome();
    this.#old = this.#entries;
    this.#oldMask = this.#mask;
    this.#nextMoved = 0;
    this.#entries = new Int32Array(count * STRIDE);
    this.#mask = count - 1;
  }

  /** Takes the keys of the next entries over from the old array; forgets it after the last one. */
  #moveSome(): void {
    const old = this.#old;
    if (old === null) return;
    const end = Math.min(this.#nextMoved + MOVED_PER_CHANGE, this.#oldMask + 1);
    for (; this.#nextMoved < end; this.#nextMoved++) {
      const at = this.#nextMoved * STRIDE;
      // Closing the hole may put a later key of the run into it.
      while (old[at + 4] !== 0) {
        const entries = this.#entries;
        const hash = hashOf(this.#seed, old[at], old[at + 1], old[at + 2], old[at + 3]);
        const to = find(entries, this.#mask, hash, old[at], old[at + 1], old[at + 2], old[at + 3]) * STRIDE;
        for (let i = 0; i < STRIDE; i++) entries[to + i] = old[at + i];
        this.#closeHole(old, this.#oldMask, this.#nextMoved);
      }
    }
    if (this.#nextMoved > this.#oldMask) this.#old = null;
  }
}

/** The entry that holds the key, or the empty one where it would go. */
function find(entries: Int32Array, mask: number, hash: number, a: number, b: number, c: number, d: number): number {
  let entry = hash & mask;
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
    entry = (entry + 1) & mask;
  }
}

/** Mixes the key as MurmurHash3 does. */
function hashOf(seed: number, a: number, b: number, c: number, d: number): number {
  let hash = mix(mix(mix(mix(seed, a), b), c), d);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function mix(hash: number, key: number): number {
  let k = Math.imul(key, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  hash ^= k;
  return (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
}
