/** Two rates closer than this are taken for the same. */
const CLOSE = 1.03;

/**
 * Looks for the highest rate that a relay carries: doubles until one fails, then halves the distance. What is found is within
 * 3 %, or as near as the steps allow.
 */
export class RateSearch {
  readonly #lowestPps: number;
  readonly #highestPps: number;
  #stepsLeft: number;
  /** Highest rate that passed; 0 before any has. */
  #passedPps = 0;
  /** Lowest rate that failed. */
  #failedPps = Infinity;

  constructor({ lowestPps, highestPps, steps }: { readonly lowestPps: number; readonly highestPps: number; readonly steps: number }) {
    this.#lowestPps = lowestPps;
    this.#highestPps = highestPps;
    this.#stepsLeft = steps;
  }

  /** The rate to try next; undefined if the search is over. */
  get nextPps(): number | undefined {
    if (this.#stepsLeft === 0 || this.#passedPps >= this.#highestPps) return undefined;
    if (this.#failedPps === Infinity) {
      return Math.min(this.#highestPps, Math.max(this.#lowestPps, this.#passedPps * 2));
    }
    if (this.#failedPps <= this.#lowestPps || this.#failedPps / this.#passedPps < CLOSE) return undefined;
    return Math.round((this.#passedPps + this.#failedPps) / 2);
  }

  /** Says how the try at {@link nextPps} went. */
  note(passed: boolean): void {
    const triedPps = this.nextPps;
    if (triedPps === undefined) throw new Error('the search is over');
    this.#stepsLeft--;
    if (passed) this.#passedPps = triedPps;
    else this.#failedPps = triedPps;
  }

  /** The highest rate that passed so far; 0 if none did. */
  get foundPps(): number {
    return this.#passedPps;
  }
}
