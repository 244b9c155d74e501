/** A change of load of so many points is worth telling. */
const WORTH_TELLING_POINTS = 5;
const AT_MOST_EVERY_MS = 1_000;

/** Decides when clients are to hear of the node's load again. */
export class LoadAnnouncer {
  #toldPercent = 0;
  #toldMs = -Infinity;

  /** Whether the load is to be told now; it is taken for told then. */
  isDue(loadPercent: number, nowMs: number): boolean {
    if (Math.abs(loadPercent - this.#toldPercent) < WORTH_TELLING_POINTS) return false;
    if (nowMs - this.#toldMs < AT_MOST_EVERY_MS) return false;
    this.#toldPercent = loadPercent;
    this.#toldMs = nowMs;
    return true;
  }
}
