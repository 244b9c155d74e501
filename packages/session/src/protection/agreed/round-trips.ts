import type { Milliseconds, SequenceNumber } from '@lightspeed/wire';

/** When so many of the last packets went out is known. */
const SENT_TIMES = 64;
/** Round trips count for so much of their average, and deviations for so much of theirs (RFC 6298). */
const RTT_SHARE = 1 / 8;
const DEVIATION_SHARE = 1 / 4;
const DEVIATIONS = 4;
/** What one round trip lets expect of the others. */
const FIRST_DEVIATION = 1 / 8;

/** Round trips of one session, by keepalives, or by requests for packets of which it is known when they went out. */
export class RoundTrips {
  rttMs: Milliseconds = 0;
  deviationMs: Milliseconds = 0;
  readonly #sentMs = new Int32Array(SENT_TIMES);
  #sentPackets = 0;

  /** A packet goes out. */
  sent(sequence: SequenceNumber, nowMs: Milliseconds): void {
    this.#sentMs[sequence & (SENT_TIMES - 1)] = nowMs;
    this.#sentPackets++;
  }

  /**
   * How long ago a packet went out.
   * @param behind how many numbers the next packet's is ahead of it.
   * @returns -1 if that is not known.
   */
  ageMs(sequence: SequenceNumber, behind: number, nowMs: Milliseconds): Milliseconds | -1 {
    const isKnown = behind > 0 && behind <= Math.min(SENT_TIMES, this.#sentPackets);
    return isKnown ? (nowMs - this.#sentMs[sequence & (SENT_TIMES - 1)]) | 0 : -1;
  }

  note(rttMs: Milliseconds): void {
    if (this.rttMs === 0) {
      this.rttMs = rttMs;
      this.deviationMs = rttMs * FIRST_DEVIATION;
      return;
    }
    this.deviationMs += (Math.abs(rttMs - this.rttMs) - this.deviationMs) * DEVIATION_SHARE;
    this.rttMs += (rttMs - this.rttMs) * RTT_SHARE;
  }

  forget(): void {
    this.rttMs = 0;
  }

  /** Whether an answer comes within so many milliseconds, as far as that is known. */
  mayComeWithin(ms: Milliseconds): boolean {
    return this.rttMs === 0 || this.rttMs + DEVIATIONS * this.deviationMs <= ms;
  }
}
