import { ProofNonces } from '@lightspeed/security';
import type { ProofNoncesState } from '@lightspeed/security';

const FIRST_ENTRIES = 64;

/** The state of a registration that has used no proof. */
export const NO_NONCES: ProofNoncesState = Object.freeze({ highest: -1n, below: 0n });

/**
 * Which proofs registrations have used, and what they have agreed on, by entry. Arrays for all take 29 bytes each, where an object
 * with two bigints takes 90.
 */
export class RegistrationNumbers {
  /** Highest and below of entry i at 2 i. */
  #states = new BigUint64Array(FIRST_ENTRIES * 2);
  /** The one that opened the session of entry i. */
  #opening = new BigUint64Array(FIRST_ENTRIES);
  /** 1 if there are any. */
  #isUsed = new Uint8Array(FIRST_ENTRIES);
  /** What `packTerms` makes of the terms of protection. */
  #terms = new Int32Array(FIRST_ENTRIES);

  of(entry: number): ProofNoncesState {
    if (this.#isUsed[entry] !== 1) return NO_NONCES;
    return { highest: this.#states[2 * entry], below: this.#states[2 * entry + 1] };
  }

  /** @throws {SecurityError} `ERR_SECURITY_OPTION_RANGE` if the state is none that {@link ProofNonces.state} gives. */
  set(entry: number, state: ProofNoncesState): void {
    const { highest, below } = new ProofNonces(state).state;
    while (entry >= this.#isUsed.length) this.#grow();
    this.#isUsed[entry] = highest < 0n ? 0 : 1;
    this.#states[2 * entry] = highest < 0n ? 0n : highest;
    this.#states[2 * entry + 1] = below;
  }

  /** The nonce with which a session was opened; 0 before one was. */
  openingOf(entry: number): bigint {
    return this.#opening[entry] ?? 0n;
  }

  setOpening(entry: number, nonce: bigint): void {
    while (entry >= this.#isUsed.length) this.#grow();
    this.#opening[entry] = nonce;
  }

  /** Terms of protection as a number, see `packTerms`; 0 before they are set. */
  termsOf(entry: number): number {
    return this.#terms[entry] ?? 0;
  }

  setTerms(entry: number, terms: number): void {
    while (entry >= this.#isUsed.length) this.#grow();
    this.#terms[entry] = terms;
  }

  /** Takes a true proof's nonce. @returns false if it cannot be a new one. */
  accept(entry: number, nonce: bigint): boolean {
    const nonces = new ProofNonces(this.of(entry));
    if (!nonces.accept(nonce)) return false;
    this.set(entry, nonces.state);
    return true;
  }

  #grow(): void {
    const states = new BigUint64Array(2 * this.#states.length);
    states.set(this.#states);
    this.#states = states;
    const opening = new BigUint64Array(2 * this.#opening.length);
    opening.set(this.#opening);
    this.#opening = opening;
    const isUsed = new Uint8Array(2 * this.#isUsed.length);
    isUsed.set(this.#isUsed);
    this.#isUsed = isUsed;
    const terms = new Int32Array(2 * this.#terms.length);
    terms.set(this.#terms);
    this.#terms = terms;
  }
}
