import type { ByteLength, Milliseconds } from '@lightspeed/wire';

/** Bytes of redundancy that a session may save up, in milliseconds of its rate limit: a burst of losses wants them at once. */
const SAVED_MS = 500;
/** Most bytes that payloads earn ahead. */
const MAX_EARNED_BYTES = 8_192;

/**
 * How many bytes a session may send beside its payloads, in one direction: a share of what the payloads take, and so many per
 * second. Bytes are those of IP packets, headers included.
 */
export class RedundancyBudget {
  readonly #share: number;
  readonly #bytesPerMs: number;
  #earned = 0;
  #granted: number;
  #grantedMs: Milliseconds;

  /**
   * @param percent of the payloads' bytes, 0 to 255 or more.
   * @param kbps kilobits a second.
   * @param nowMs wrapping int32 clock in milliseconds.
   */
  constructor(percent: number, kbps: number, nowMs: Milliseconds) {
    this.#share = percent / 100;
    this.#bytesPerMs = kbps / 8;
    this.#granted = this.#bytesPerMs * SAVED_MS;
    this.#grantedMs = nowMs;
  }

  /** A payload's packet goes out. */
  earn(bytes: ByteLength): void {
    this.#earned = Math.min(MAX_EARNED_BYTES, this.#earned + bytes * this.#share);
  }

  /** Takes so many bytes, if they are there. */
  take(bytes: ByteLength, nowMs: Milliseconds): boolean {
    const granted = this.#granted + ((nowMs - this.#grantedMs) >>> 0) * this.#bytesPerMs;
    this.#grantedMs = nowMs;
    this.#granted = Math.min(granted, this.#bytesPerMs * SAVED_MS);
    if (bytes > this.#earned || bytes > this.#granted) return false;
    this.#earned -= bytes;
    this.#granted -= bytes;
    return true;
  }
}
