import type { SessionSlot } from '@lightspeed/wire';
import { MAX_CAPACITY, requireAtLeast, requireInteger } from './option-ranges.ts';

/** How much may go to an address that is not verified. */
export interface AmplificationGuardOptions {
  /** Bytes to an address that is not verified, per byte that came from it; 2.0 by default. */
  readonly maxRatio?: number;
  /** Bytes that may go out before any ratio is looked at; 10,000 by default. */
  readonly allowanceBytes?: number;
  /** The same ratio for verified sessions; 0, the default, measures without limiting. */
  readonly verifiedMaxRatio?: number;
}

/**
 * Keeps the node from multiplying traffic towards an address that may be forged (docs/protocol.md, Limits). Per session
 * slot, bytes sent to the client stay within `max(allowanceBytes, maxRatio * bytes received from it)`. This holds until
 * the client has proved that it receives what is sent to it. A verified session is measured, and limited only by
 * `verifiedMaxRatio`: game servers rightly send many times what players do.
 *
 * Both directions are the client's: what the node exchanges with game servers does not enter. Memory is fixed: 17 bytes
 * per slot; counts are exact up to 2^53 bytes.
 */
export class AmplificationGuard {
  #maxRatio: number;
  readonly #allowanceBytes: number;
  readonly #verifiedMaxRatio: number;
  readonly #inBytes: Float64Array;
  readonly #outBytes: Float64Array;
  readonly #verified: Uint8Array;

  /** @throws {SecurityError} `ERR_SECURITY_OPTION_RANGE` */
  constructor(capacity: number, options: AmplificationGuardOptions = {}) {
    requireInteger('capacity', capacity, 1, MAX_CAPACITY);
    this.#maxRatio = requireAtLeast('maxRatio', options.maxRatio ?? 2.0, 0);
    this.#allowanceBytes = requireInteger('allowanceBytes', options.allowanceBytes ?? 10_000, 0, Number.MAX_SAFE_INTEGER);
    this.#verifiedMaxRatio = requireAtLeast('verifiedMaxRatio', options.verifiedMaxRatio ?? 0, 0);
    this.#inBytes = new Float64Array(capacity);
    this.#outBytes = new Float64Array(capacity);
    this.#verified = new Uint8Array(capacity);
  }

  /** @throws {SecurityError} `ERR_SECURITY_OPTION_RANGE` */
  setMaxRatio(maxRatio: number): void {
    this.#maxRatio = requireAtLeast('maxRatio', maxRatio, 0);
  }

  /** Gives a slot to a new session, or a session to a new address: nothing counted, not verified. */
  reset(slot: SessionSlot): void {
    this.#inBytes[slot] = 0;
    this.#outBytes[slot] = 0;
    this.#verified[slot] = 0;
  }

  /** Counts bytes that came from the slot's address. */
  received(slot: SessionSlot, bytes: number): void {
    this.#inBytes[slot] += bytes;
  }

  /** Says that the slot's address is known to receive what is sent to it. */
  setVerified(slot: SessionSlot): void {
    this.#verified[slot] = 1;
  }

  isVerified(slot: SessionSlot): boolean {
    return this.#verified[slot] === 1;
  }

  /**
   * Asks whether `bytes` more may go to the slot's address, and counts them as sent if so.
   *
   * @returns false for a refusal, which the caller counts as `DropReason.amplification`; nothing is counted as sent then.
   */
  allowSend(slot: SessionSlot, bytes: number): boolean {
    const outBytes = this.#outBytes[slot] + bytes;
    // Asked this way round, so that a slot that does not exist (NaN) is refused.
    if (outBytes <= this.#allowanceBytes || this.#withinRatio(slot, outBytes)) {
      this.#outBytes[slot] = outBytes;
      return true;
    }
    return false;
  }

  /** Bytes that came from the slot's address. */
  bytesIn(slot: SessionSlot): number {
    return this.#inBytes[slot];
  }

  /** Bytes that were sent to the slot's address. */
  bytesOut(slot: SessionSlot): number {
    return this.#outBytes[slot];
  }

  /** Bytes out per byte in, for display: 0 while nothing was sent, Infinity if nothing ever came. */
  ratio(slot: SessionSlot): number {
    return this.#outBytes[slot] === 0 ? 0 : this.#outBytes[slot] / this.#inBytes[slot];
  }

  #withinRatio(slot: SessionSlot, outBytes: number): boolean {
    if (this.#verified[slot] !== 1) return outBytes <= this.#maxRatio * this.#inBytes[slot];
    return this.#verifiedMaxRatio === 0 || outBytes <= this.#verifiedMaxRatio * this.#inBytes[slot];
  }
}
