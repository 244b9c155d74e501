const PENDING = 1_024;

/**
 * Round trips as a game measures them: from sending a numbered datagram to the first one that acknowledges it. The time
 * is taken off for which the other side held the acknowledgement back. Smoothed like TCP's (RFC 6298).
 */
export class RoundTrips {
  readonly #sentMs = new Float64Array(PENDING);
  readonly #sequences = new Int32Array(PENDING);
  #acknowledged = 0;
  #smoothedMs = -1;

  /** -1 before the first. */
  get smoothedMs(): number {
    return this.#smoothedMs;
  }

  sent(sequence: number, nowMs: number): void {
    this.#sequences[sequence % PENDING] = sequence;
    this.#sentMs[sequence % PENDING] = nowMs;
  }

  /** The other side acknowledges `sequence`, which it got `holdUs` before it answered. */
  acknowledged(sequence: number, holdUs: number, nowMs: number): void {
    const place = sequence % PENDING;
    if (sequence <= this.#acknowledged || this.#sequences[place] !== sequence) return;
    this.#acknowledged = sequence;
    const tripMs = Math.max(0, nowMs - this.#sentMs[place] - holdUs / 1_000);
    this.#smoothedMs += this.#smoothedMs < 0 ? tripMs - this.#smoothedMs : (tripMs - this.#smoothedMs) / 8;
  }
}
