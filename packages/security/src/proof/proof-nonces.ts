import { MAX_PROOF_NONCE, requireNonce } from './proof.ts';

/** How far below the highest nonce one may come late and still count, so that proofs over several paths may overtake. */
export const PROOF_NONCE_WINDOW = 64;

const WINDOW = BigInt(PROOF_NONCE_WINDOW);
const WINDOW_MASK = (1n << WINDOW) - 1n;

/** What a {@link ProofNonces} remembers, to be kept and restored with the session. */
export interface ProofNoncesState {
  /** The highest nonce accepted, 0 to 2^64 - 1, or -1 before the first. */
  readonly highest: bigint;
  /** Bit i is set if `highest - 1 - i` was accepted; 64 bits. */
  readonly below: bigint;
}

/**
 * The nonces that one session's proofs have used (docs/protocol.md, Sessions). Each is accepted once:
 *
 * ```text
 *         refused            once each, 64 of them       highest      once, and moves the window
 *   ... ---------------- | ? ? ? ? ? ? ? ? ? ? ? ? ? ? | refused | ---------------------------- ... 2^64 - 1
 * ```
 *
 * There is no wrapping round: a client counts up from wherever it starts. Memory is two 64-bit numbers, whatever comes.
 * Ask only about proofs that {@link verifyProof} found true, or anybody can move the window.
 */
export class ProofNonces {
  #highest: bigint;
  #below: bigint;

  /** @throws {SecurityError} `ERR_SECURITY_OPTION_RANGE` if the state is none that {@link state} gives. */
  constructor(state: ProofNoncesState = { highest: -1n, below: 0n }) {
    if (state.highest !== -1n) requireNonce(state.highest);
    requireNonce(state.below);
    this.#highest = state.highest;
    this.#below = state.below;
  }

  /** What has to outlive the process if the session does: a node that forgets it accepts old proofs again. */
  get state(): ProofNoncesState {
    return { highest: this.#highest, below: this.#below };
  }

  /** Takes a nonce. @returns false if it was taken before, is too old to tell, or is no u64. */
  accept(nonce: bigint): boolean {
    if (nonce < 0n || nonce > MAX_PROOF_NONCE) return false;
    if (nonce > this.#highest) {
      const ahead = nonce - this.#highest;
      // Shifting by more than the window would make a number as long as the jump.
      this.#below = ahead > WINDOW ? 0n : (((this.#below << 1n) | 1n) << (ahead - 1n)) & WINDOW_MASK;
      this.#highest = nonce;
      return true;
    }
    const behind = this.#highest - nonce;
    if (behind === 0n || behind > WINDOW) return false;
    const bit = 1n << (behind - 1n);
    if ((this.#below & bit) !== 0n) return false;
    this.#below |= bit;
    return true;
  }
}
