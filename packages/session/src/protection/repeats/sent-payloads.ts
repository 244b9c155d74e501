import type { ByteLength, Milliseconds, SequenceNumber } from '@lightspeed/wire';
import { sequenceDelta } from '@lightspeed/wire';
import type { RepeatedFlow } from './repeated-flow.ts';

/** Most payloads of a session that are remembered. */
const MAX_SENT_PAYLOADS = 64;
const PLACES = MAX_SENT_PAYLOADS - 1;

/**
 * The payloads of one session that may still be repeated, in the order in which they went out. Each is in a block of the shared
 * memory, where its packet was made.
 *
 * ```text
 *   first                 first + count
 *     |  flow A | flow B | (gone) | flow A |      a ring of 64 places, by arrays of its fields
 * ```
 */
export class SentPayloads {
  readonly #sequences = new Uint16Array(MAX_SENT_PAYLOADS);
  readonly #sentMs = new Int32Array(MAX_SENT_PAYLOADS);
  readonly #blocks = new Int32Array(MAX_SENT_PAYLOADS);
  readonly #lengths = new Uint16Array(MAX_SENT_PAYLOADS);
  /** How many of the plan's repeats are done. */
  readonly #done = new Uint8Array(MAX_SENT_PAYLOADS);
  /** Whether it went out on request. */
  readonly #asked = new Uint8Array(MAX_SENT_PAYLOADS);
  /** The batch in which its bytes were given to the driver last: until it is sent, they must stay as they are. */
  readonly #batches = new Int32Array(MAX_SENT_PAYLOADS);
  readonly #flows: (RepeatedFlow | null)[] = new Array<RepeatedFlow | null>(MAX_SENT_PAYLOADS).fill(null);
  #first = 0;
  #count = 0;

  /** Places from the oldest to the newest, those that are empty by now included. */
  get count(): number {
    return this.#count;
  }

  /** The place of the `nth` payload, counted from the oldest. */
  placeOf(nth: number): number {
    return (this.#first + nth) & PLACES;
  }

  /** Whose payload is at a place; null if it is empty by now. */
  flowAt(place: number): RepeatedFlow | null {
    return this.#flows[place];
  }

  sequenceAt(place: number): SequenceNumber {
    return this.#sequences[place];
  }

  sentMsAt(place: number): Milliseconds {
    return this.#sentMs[place];
  }

  blockAt(place: number): number {
    return this.#blocks[place];
  }

  lengthAt(place: number): ByteLength {
    return this.#lengths[place];
  }

  doneAt(place: number): number {
    return this.#done[place];
  }

  batchAt(place: number): number {
    return this.#batches[place];
  }

  /** Notes that somebody asks for it. @returns false if it went out on request before. */
  noteAsked(place: number): boolean {
    const isFirst = this.#asked[place] === 0;
    this.#asked[place] = 1;
    return isFirst;
  }

  noteRepeats(place: number, done: number): void {
    this.#done[place] = done;
  }

  noteBatch(place: number, batch: number): void {
    this.#batches[place] = batch;
  }

  get isFull(): boolean {
    return this.#count === MAX_SENT_PAYLOADS;
  }

  /** Adds the newest; there must be room. */
  add(flow: RepeatedFlow, sequence: SequenceNumber, block: number, length: ByteLength, nowMs: Milliseconds, batch: number): void {
    const place = this.placeOf(this.#count++);
    this.#flows[place] = flow;
    this.#sequences[place] = sequence;
    this.#blocks[place] = block;
    this.#lengths[place] = length;
    this.#sentMs[place] = nowMs;
    this.#done[place] = 0;
    this.#asked[place] = 0;
    this.#batches[place] = batch;
  }

  /** Empties a place. @returns the block that was there: the caller's. */
  remove(place: number): number {
    const block = this.#blocks[place];
    this.#flows[place] = null;
    while (this.#count > 0 && this.#flows[this.#first] === null) {
      this.#first = (this.#first + 1) & PLACES;
      this.#count--;
    }
    return block;
  }

  /** The place of the payload with a number, or -1. */
  find(sequence: SequenceNumber): number {
    for (let nth = 0; nth < this.#count; nth++) {
      const place = this.placeOf(nth);
      if (this.#flows[place] === null) continue;
      const ahead = sequenceDelta(this.#sequences[place], sequence);
      if (ahead === 0) return place;
      if (ahead > 0) return -1;
    }
    return -1;
  }
}
