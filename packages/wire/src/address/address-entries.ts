import { halfSipHash } from './half-sip-hash.ts';

/** Index that means no entry; the entry itself is `::`. */
export const NO_ENTRY = 0;

const RECORD_WORDS = 8;
const SCOPE = 4;
const REFERENCES = 5;
const STAMP = 6;
const BUCKET_NEXT = 7;

/**
 * The memory of an address book: entries by index, found by address, and those that nobody retains from oldest to newest.
 *
 * All of it is there from the start, for as many entries as there may be. So no table grows under load: nothing is copied
 * or hashed again, and look-ups look in one place. An operating system gives pages of large arrays as they are written to.
 *
 * ```
 *  buckets [hash & mask] -> entry -> entry -> NO_ENTRY        chained by BUCKET_NEXT
 *  records [index * 8]:  | word 0..3 | scope | references | stamp | bucket next |
 *  links   [index * 2]:  | older | newer |                    of the entries that nobody retains
 * ```
 */
export class AddressEntries {
  /** Entries in use are `1 .. used-1`. */
  used = 1;
  oldest = NO_ENTRY;
  newest = NO_ENTRY;
  readonly #room: number;
  readonly #records: Int32Array;
  readonly #links: Int32Array;
  readonly #buckets: Int32Array;
  readonly #bucketMask: number;
  readonly #key0: number;
  readonly #key1: number;

  /** @param room how many entries there may be, the one that means none included */
  constructor(room: number, hashSeed: number) {
    this.#room = room;
    this.#records = new Int32Array(room * RECORD_WORDS);
    this.#links = new Int32Array(room * 2);
    let buckets = 1;
    while (buckets < room) buckets *= 2;
    this.#buckets = new Int32Array(buckets);
    this.#bucketMask = buckets - 1;
    this.#key0 = hashSeed;
    this.#key1 = Math.imul(hashSeed ^ 0x5bd1_e995, 0x9e37_79b1);
  }

  /** Whether as many entries are in use as there may be. */
  get isFull(): boolean {
    return this.used === this.#room;
  }

  /** Part 0 to 3 of an entry's address. */
  word(index: number, part: number): number {
    return this.#records[index * RECORD_WORDS + part];
  }

  scope(index: number): number {
    return this.#records[index * RECORD_WORDS + SCOPE];
  }

  references(index: number): number {
    return this.#records[index * RECORD_WORDS + REFERENCES];
  }

  setReferences(index: number, references: number): void {
    this.#records[index * RECORD_WORDS + REFERENCES] = references;
  }

  /** When an entry became the newest, in the book's own count. */
  stamp(index: number): number {
    return this.#records[index * RECORD_WORDS + STAMP];
  }

  find(w0: number, w1: number, w2: number, w3: number, scope: number): number {
    const records = this.#records;
    let index = this.#buckets[this.#bucket(w0, w1, w2, w3, scope)];
    while (index !== NO_ENTRY) {
      const at = index * RECORD_WORDS;
      if (
        records[at + 3] === w3 &&
        records[at + 2] === w2 &&
        records[at + 1] === w1 &&
        records[at] === w0 &&
        records[at + SCOPE] === scope
      ) {
        return index;
      }
      index = records[at + BUCKET_NEXT];
    }
    return NO_ENTRY;
  }

  /** Writes an address that is in no entry into one that holds none. */
  put(index: number, w0: number, w1: number, w2: number, w3: number, scope: number): void {
    const at = index * RECORD_WORDS;
    this.#records[at] = w0;
    this.#records[at + 1] = w1;
    this.#records[at + 2] = w2;
    this.#records[at + 3] = w3;
    this.#records[at + SCOPE] = scope;
    this.#records[at + REFERENCES] = 0;
    const bucket = this.#bucket(w0, w1, w2, w3, scope);
    this.#records[at + BUCKET_NEXT] = this.#buckets[bucket];
    this.#buckets[bucket] = index;
  }

  /** Takes an entry's address out of the table. */
  unput(index: number): void {
    const records = this.#records;
    const bucket = this.#bucketOf(index);
    let at = this.#buckets[bucket];
    if (at === index) {
      this.#buckets[bucket] = records[index * RECORD_WORDS + BUCKET_NEXT];
      return;
    }
    while (records[at * RECORD_WORDS + BUCKET_NEXT] !== index) at = records[at * RECORD_WORDS + BUCKET_NEXT];
    records[at * RECORD_WORDS + BUCKET_NEXT] = records[index * RECORD_WORDS + BUCKET_NEXT];
  }

  /** Puts an entry that is not in the list behind the newest. */
  append(index: number, stamp: number): void {
    this.#records[index * RECORD_WORDS + STAMP] = stamp;
    this.#links[2 * index] = this.newest;
    this.#links[2 * index + 1] = NO_ENTRY;
    if (this.newest === NO_ENTRY) this.oldest = index;
    else this.#links[2 * this.newest + 1] = index;
    this.newest = index;
  }

  /** Takes an entry out of the list. */
  unlink(index: number): void {
    const older = this.#links[2 * index];
    const newer = this.#links[2 * index + 1];
    if (older === NO_ENTRY) this.oldest = newer;
    else this.#links[2 * older + 1] = newer;
    if (newer === NO_ENTRY) this.newest = older;
    else this.#links[2 * newer] = older;
  }

  #bucketOf(index: number): number {
    const at = index * RECORD_WORDS;
    const records = this.#records;
    return this.#bucket(records[at], records[at + 1], records[at + 2], records[at + 3], records[at + SCOPE]);
  }

  #bucket(w0: number, w1: number, w2: number, w3: number, scope: number): number {
    return halfSipHash(this.#key0, this.#key1, w0, w1, w2, w3, scope) & this.#bucketMask;
  }
}
