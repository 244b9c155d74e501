import type { Random } from './random.ts';

/**
 * Times in which a link is down: both lengths and gaps are exponential. They depend on the random stream alone, never on what is
 * sent. So different senders meet the same ones.
 */
export class Outages {
  readonly #random: Random;
  #nextMs = 0;
  #endMs = -Infinity;

  constructor(random: Random) {
    this.#random = random;
  }

  /**
   * How long the link stays down from now on; 0 if it is up.
   * @param nowMs never goes back.
   * @param share of the time in which it is down, below 1; `meanMs` is how long an outage lasts on average.
   */
  leftMs(nowMs: number, share: number, meanMs: number): number {
    if (share === 0) return 0;
    const gapMs = (meanMs * (1 - share)) / share;
    // From time 0 on, whenever it is asked first.
    if (this.#endMs === -Infinity && this.#nextMs === 0) this.#nextMs = this.#drawMs(gapMs);
    while (this.#nextMs <= nowMs) {
      this.#endMs = this.#nextMs + this.#drawMs(meanMs);
      this.#nextMs = this.#endMs + this.#drawMs(gapMs);
    }
    return Math.max(0, this.#endMs - nowMs);
  }

  #drawMs(meanMs: number): number {
    return -Math.log(1 - this.#random.next()) * meanMs;
  }
}
