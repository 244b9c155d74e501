/** Two rates closer than this are taken for the same. */
const CLOSE = 1.03;

export interface RateSearchPlan {
  /** The rate that is tried first. */
  readonly firstPps: number;
  /** No rate beyond these is tried. */
  readonly lowestPps: number;
  readonly highestPps: number;
  /** Tries at most. */
  readonly steps: number;
}

/**
 * Looks for the highest rate that a relay carries: doubles until one fails, or halves until one passes, then halves the
 * distance. What is found is within 3 %, or as near as the steps allow.
 */
export class RateSearch {
  readonly #plan: RateSearchPlan;
  #tried = 0;
  /** Highest rate that passed; 0 before any has. */
  #passedPps = 0;
  /** Lowest rate that failed. */
  #failedPps = Infinity;

  constructor(plan: RateSearchPlan) {
    this.#plan = plan;
  }

  /** The rate to try next; undefined if the search is over. */
  get nextPps(): number | undefined {
    const { firstPps, lowestPps, highestPps, steps } = this.#plan;
    const passedPps = this.#passedPps;
    const failedPps = this.#failedPps;
    if (this.#tried === 0) return firstPps;
    if (this.#tried === steps || passedPps >= highestPps || failedPps <= lowestPps) return undefined;
    if (failedPps === Infinity) return Math.min(highestPps, passedPps * 2);
    if (passedPps === 0) return Math.max(lowestPps, Math.round(failedPps / 2));
    return failedPps / passedPps < CLOSE ? undefined : Math.round(Math.sqrt(passedPps * failedPps));
  }

  /** Says how the try at {@link nextPps} went. */
  note(passed: boolean): void {
    const triedPps = this.nextPps;
    if (triedPps === undefined) throw new Error('the search is over');
    this.#tried++;
    if (passed) this.#passedPps = triedPps;
    else this.#failedPps = triedPps;
  }

  /** The highest rate that passed so far; 0 if none did. */
  get foundPps(): number {
    return this.#passedPps;
  }
}
