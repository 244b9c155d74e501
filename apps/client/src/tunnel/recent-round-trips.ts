/** An odd number: one of them is in the middle. */
const KEPT = 5;

/**
 * The round trip to a node as it is now: the median of its last five keepalives. A slow keepalive does not move it. In a mean it
 * would be seen for a minute, and all that is measured by the node meanwhile would seem slower.
 */
export class RecentRoundTrips {
  #answered = 0;
  #latestUs: number[] = [];

  /**
   * Takes in the latest keepalive, unless it is known. To be called at least as often as keepalives are answered.
   * @param answered how many were answered so far
   */
  note(answered: number, latestUs: number): void {
    if (answered === this.#answered || latestUs < 0) return;
    this.#answered = answered;
    this.#latestUs = [...this.#latestUs, latestUs].slice(-KEPT);
  }

  /** In milliseconds; undefined before the first one. */
  get medianMs(): number | undefined {
    const sorted = this.#latestUs.toSorted((a, b) => a - b);
    const us = sorted.at((sorted.length - 1) >> 1);
    return us === undefined ? undefined : us / 1_000;
  }
}
