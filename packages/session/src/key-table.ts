/** How many numbers keys consist of. */
type KeyNumbers = 1 | 2 | 3 | 4;

const SMALLEST_ENTRIES = 64;
/**
 * Entries of the array before that each change looks at after a resize. That array is empty long before the next
 * resize. It takes an eighth as many changes as it had entries, and the next resize is at least a quarter as many away.
 */
const MOVED_PER_CHANGE = 16;

/**
 * Hash table from a key of up to four 32-bit numbers to a number from 0 to 2^31 - 2. It maps addresses and ports to
 * sessions and flows. Open addressing with linear probing on one typed array; look-ups allocate nothing, insertion only
 * when the table doubles. Deletion moves later entries back, so there are no tombstones to pile up.
 *
 * ```
 *   entries   [ value + 1 | a | b | c | d ] [ value + 1 | a | ...      value + 1 = 0: empty
 *               entry hash(a, b, c, d) & mask, or the next free one after it
 *
 *   keys of two numbers: [ value + 1 | a | b ] [ value + 1 | a | b ] ...     12 bytes an entry in place of 20
 * ```
 *
 * After a resize, keys are in the new array or still in the old one. Every change moves some keys to the new array. So
 * a table of 100,000 keys doubles without a pause.
 *
 * The hash is keyed by `seed`: senders who don't know it can't choose addresses that collide.
 */
export class KeyTable {
  readonly #seed: number;
  /** Numbers of an entry: those of the key, and one for the value. */
  readonly #stride: number;
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
   * @param numbers how many numbers keys have. The others that methods take are not looked at: give 0.
   */
  constructor(seed: number, expectedKeys = 0, numbers: KeyNumbers = 4) {
    this.#seed = seed | 0;
    this.#stride = numbers + 1;
    let entries = SMALLEST_ENTRIES;
    while (entries < expectedKeys * 2) entries *= 2;
    this.#smallestEntries = entries;
    this.#entries = new Int32Array(entries * this.#stride);
    this.#mask = entries - 1;
  }

  /** How many keys are there. */
  get size(): number {
    return this.#size;
  }

  /** The value of a key, or -1. */
  get(a: number, b: number, c: number, d: number): number {
    const stride = this.#stride;
    const hash = hashOf(this.#seed, stride, a, b, c, d);
    const entries = this.#entries;
    const value = entries[find(entries, this.#mask, stride, hash, a, b, c, d)];
    const old = this.#old;
    if (value !== 0 || old === null) return value - 1;
    return old[find(old, this.#oldMask, stride, hash, a, b, c, d)] - 1;
  }

  /** Adds a key, or replaces its value. */
  set(a: number, b: number, c: number, d: number, value: number): void {
    if ((this.#size + 1) * 2 > this.#mask + 1) this.#resize((this.#mask + 1) * 2);
    this.#moveSome();
    if (this.#old !== null) this.#deleteFrom(this.#old, this.#oldMask, a, b, c, d);
    const entries = this.#entries;
    const stride = this.#stride;
    const at = find(entries, this.#mask, stride, hashOf(this.#seed, stride, a, b, c, d), a, b, c, d);
    if (entries[at] === 0) this.#size++;
    entries[at] = value + 1;
    entries[at + 1] = a;
    if (stride > 2) entries[at + 2] = b;
    if (stride > 3) entries[at + 3] = c;
    if (stride > 4) entries[at + 4] = d;
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
    const stride = this.#stride;
    const hole = find(entries, mask, stride, hashOf(this.#seed, stride, a, b, c, d), a, b, c, d);
    if (entries[hole] === 0) return false;
    this.#closeHole(entries, mask, hole / stride);
    this.#size--;
    return true;
  }

  /** Fills the hole with the next entry of the run that may stand there, and goes on with the hole that leaves. */
  #closeHole(entries: Int32Array, mask: number, hole: number): void {
    const stride = this.#stride;
    let entry = hole;
    for (;;) {
      entry = (entry + 1) & mask;
      const at = entry * stride;
      if (entries[at] === 0) break;
      const home = this.#hashAt(entries, at) & mask;
      if (((entry - home) & mask) < ((entry - hole) & mask)) continue;
      entries.copyWithin(hole * stride, at, at + stride);
      hole = entry;
    }
    entries[hole * stride] = 0;
  }

  /** Of the key that stands there. */
  #hashAt(entries: Int32Array, at: number): number {
    const stride = this.#stride;
    const b = stride > 2 ? entries[at + 2] : 0;
    const c = stride > 3 ? entries[at + 3] : 0;
    const d = stride > 4 ? entries[at + 4] : 0;
    return hashOf(this.#seed, stride, entries[at + 1], b, c, d);
  }

  #resize(count: number): void {
    while (this.#old !== null) this.#moveSome();
    this.#old = this.#entries;
    this.#oldMask = this.#mask;
    this.#nextMoved = 0;
    this.#entries = new Int32Array(count * this.#stride);
    this.#mask = count - 1;
  }

  /** Takes the keys of the next entries over from the old array; forgets it after the last one. */
  #moveSome(): void {
    const old = this.#old;
    if (old === null) return;
    const stride = this.#stride;
    const end = Math.min(this.#nextMoved + MOVED_PER_CHANGE, this.#oldMask + 1);
    for (; this.#nextMoved < end; this.#nextMoved++) {
      const at = this.#nextMoved * stride;
      // Closing the hole may put a later key of the run into it.
      while (old[at] !== 0) {
        const entries = this.#entries;
        const to = freeFrom(entries, this.#mask, stride, this.#hashAt(old, at));
        for (let i = 0; i < stride; i++) entries[to + i] = old[at + i];
        this.#closeHole(old, this.#oldMask, this.#nextMoved);
      }
    }
    if (this.#nextMoved > this.#oldMask) this.#old = null;
  }
}

/** Where the entry begins that holds the key, or the empty one where it would go. */
function find(entries: Int32Array, mask: number, stride: number, hash: number, a: number, b: number, c: number, d: number): number {
  let entry = hash & mask;
  for (;;) {
    const at = entry * stride;
    if (entries[at] === 0) return at;
    if (
      entries[at + 1] === (a | 0) &&
      (stride < 3 || entries[at + 2] === (b | 0)) &&
      (stride < 4 || entries[at + 3] === (c | 0)) &&
      (stride < 5 || entries[at + 4] === (d | 0))
    ) {
      return at;
    }
    entry = (entry + 1) & mask;
  }
}

/** Where the first empty entry begins for a key that is not there. */
function freeFrom(entries: Int32Array, mask: number, stride: number, hash: number): number {
  let entry = hash & mask;
  while (entries[entry * stride] !== 0) entry = (entry + 1) & mask;
  return entry * stride;
}

/** Mixes the numbers of the key as MurmurHash3 does. */
function hashOf(seed: number, stride: number, a: number, b: number, c: number, d: number): number {
  let hash = mix(seed, a);
  if (stride > 2) hash = mix(hash, b);
  if (stride > 3) hash = mix(hash, c);
  if (stride > 4) hash = mix(hash, d);
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
