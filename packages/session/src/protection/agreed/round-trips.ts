import type { Milliseconds, SequenceNumber } from '@lightspeed/wire';
import { RttEstimator } from '../../base/rtt-estimator.ts';

/** When so many of the last packets went out is known. */
const SENT_TIMES = 64;
/** What a round trip may take longer than its average, in mean deviations (RFC 6298 waits for as many). */
const DEVIATIONS = 4;
/** What one round trip lets expect of the others, as a share of it. */
const FIRST_DEVIATION = 1 / 8;

/** Round trips of one session, by keepalives, or by requests for packets of which it is known when they went out. */
export class RoundTrips {
  #estimator = new RttEstimator(FIRST_DEVIATION);
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
    this.#estimator.sample(Math.round(rttMs * 1_000));
  }

  forget(): void {
    this.#estimator = new RttEstimator(FIRST_DEVIATION);
  }

  /** The average; 0 before there was one. */
  get rttMs(): Milliseconds {
    return Math.max(0, this.#estimator.smoothedUs) / 1_000;
  }

  /** The mean deviation from it. */
  get deviationMs(): Milliseconds {
    return Math.max(0, this.#estimator.jitterUs) / 1_000;
  }

  /** Whether an answer comes within so many milliseconds, as far as that is known. */
  mayComeWithin(ms: Milliseconds): boolean {
    return this.rttMs === 0 || this.rttMs + DEVIATIONS * this.deviationMs <= ms;
  }
}
