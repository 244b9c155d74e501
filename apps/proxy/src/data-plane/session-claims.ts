import { OWN_CLAIM } from '@lightspeed/session';
import type { ClaimedRegistration, SessionClaims } from '@lightspeed/session';

const NOBODY = 0;
const PROVED = 1;
const TAGGED = 2;
const COUNTED = 4;
const WANTS_TAGS = 8;

/**
 * Which worker has the session of a registration, and what all workers of a node know of registrations.
 *
 * ```
 *   shared memory    | 0 | 2 | 0 | 1 | ... |     Int32 by registration index: 0 nobody, else the worker's number + 1
 *                    | 0 | 1 | 3 | 0 | ... |     Uint8 by registration index: 1 a true proof of it was seen,
 *                                                 2 its packets have tags, 4 limits have counted something,
 *                                                 8 its packets are to have tags
 * ```
 *
 * The first worker to write its number into a 0 has the session, and takes it out when the session is over. The main thread
 * reads who is bound, and gives back what a crashed worker had.
 */
export class SharedSessionClaims implements SessionClaims {
  readonly #owners: Int32Array;
  readonly #known: Uint8Array;
  readonly #mark: number;
  readonly #released: (sessionId: number) => void;

  /**
   * @param memory from {@link claimsMemory}; `own` is the worker's number.
   * @param released called before a session is given back: any worker may have the next one then.
   */
  constructor(memory: SharedArrayBuffer, own: number, released: (sessionId: number) => void) {
    this.#released = released;
    this.#owners = ownersIn(memory);
    this.#known = knownIn(memory);
    this.#mark = own + 1;
  }

  claim({ index = -1 }: ClaimedRegistration): number {
    if (index < 0) return OWN_CLAIM;
    const owner = Atomics.compareExchange(this.#owners, index, NOBODY, this.#mark);
    return owner === NOBODY || owner === this.#mark ? OWN_CLAIM : owner - 1;
  }

  noteProof({ index = -1 }: ClaimedRegistration): void {
    if (index >= 0) Atomics.or(this.#known, index, PROVED);
  }

  isProved({ index = -1 }: ClaimedRegistration): boolean {
    return index >= 0 && (Atomics.load(this.#known, index) & PROVED) !== 0;
  }

  wantTags({ index = -1 }: ClaimedRegistration): void {
    if (index >= 0) Atomics.or(this.#known, index, WANTS_TAGS);
  }

  wantsTags({ index = -1 }: ClaimedRegistration): boolean {
    return index >= 0 && (Atomics.load(this.#known, index) & WANTS_TAGS) !== 0;
  }

  noteTags({ index = -1 }: ClaimedRegistration): void {
    if (index >= 0) Atomics.or(this.#known, index, TAGGED);
  }

  isTagged({ index = -1 }: ClaimedRegistration): boolean {
    return index >= 0 && (Atomics.load(this.#known, index) & TAGGED) !== 0;
  }

  takeFresh({ index = -1 }: ClaimedRegistration): boolean {
    return index >= 0 && (Atomics.or(this.#known, index, COUNTED) & COUNTED) === 0;
  }

  release({ sessionId, index = -1 }: ClaimedRegistration): void {
    if (index < 0) return;
    this.#released(sessionId);
    Atomics.compareExchange(this.#owners, index, this.#mark, NOBODY);
  }
}

/** New shared memory for the claims of so many registrations; nobody has claimed any. */
export function claimsMemory(registrations: number): SharedArrayBuffer {
  return new SharedArrayBuffer(registrations * BYTES_PER_REGISTRATION);
}

const BYTES_PER_REGISTRATION = Int32Array.BYTES_PER_ELEMENT + 1;

function ownersIn(memory: SharedArrayBuffer): Int32Array {
  return new Int32Array(memory, 0, memory.byteLength / BYTES_PER_REGISTRATION);
}

function knownIn(memory: SharedArrayBuffer): Uint8Array {
  return new Uint8Array(memory, ownersIn(memory).byteLength);
}

/** The same memory as the main thread sees it. */
export class ClaimsBoard {
  readonly #owners: Int32Array;
  readonly #known: Uint8Array;

  constructor(memory: SharedArrayBuffer) {
    this.#owners = ownersIn(memory);
    this.#known = knownIn(memory);
  }

  /** Whether a worker has the session of the registration with this index. */
  isClaimed(index: number): boolean {
    return Atomics.load(this.#owners, index) !== NOBODY;
  }

  /** Makes an index ready for another registration. @param isFresh whether what limits have counted for it is to be forgotten. */
  clear(index: number, isFresh: boolean): void {
    Atomics.store(this.#owners, index, NOBODY);
    Atomics.store(this.#known, index, isFresh ? 0 : COUNTED);
  }

  /** Gives back all that a worker had. Call it when the worker is gone. */
  giveBackAllOf(worker: number): void {
    for (let index = 0; index < this.#owners.length; index++) {
      Atomics.compareExchange(this.#owners, index, worker + 1, NOBODY);
    }
  }
}
