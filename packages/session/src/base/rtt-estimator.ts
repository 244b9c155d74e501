import type { Microseconds } from '@lightspeed/wire';

/**
 * Smoothed round-trip time and its variation, as RFC 6298 computes them (section 2, without its clock granularity and
 * without a retransmission timer). All values in microseconds; -1 before the first sample.
 */
export class RttEstimator {
  /** Smoothed round-trip time. */
  smoothedUs = -1;
  /** Smoothed mean deviation: what players call jitter. */
  jitterUs = -1;
  /** The last sample. */
  latestUs = -1;
  /** The smallest sample. */
  minimumUs = -1;
  /** How many samples there were. */
  samples = 0;
  readonly #firstDeviation: number;

  /** @param firstDeviation what the first sample lets expect of the others, as a share of it. The RFC takes a half. */
  constructor(firstDeviation = 1 / 2) {
    this.#firstDeviation = firstDeviation;
  }

  /** Takes in a measured round trip. A negative one (a clock that went back) is ignored. */
  sample(rttUs: Microseconds): void {
    if (rttUs < 0) return;
    this.samples++;
    this.latestUs = rttUs;
    if (this.samples === 1) {
      this.smoothedUs = rttUs;
      this.jitterUs = Math.round(rttUs * this.#firstDeviation);
      this.minimumUs = rttUs;
      return;
    }
    this.jitterUs = Math.round(0.75 * this.jitterUs + 0.25 * Math.abs(this.smoothedUs - rttUs));
    this.smoothedUs = Math.round(0.875 * this.smoothedUs + 0.125 * rttUs);
    if (rttUs < this.minimumUs) this.minimumUs = rttUs;
  }
}
