/** How many sending times a way remembers: more than can be under way. */
const REMEMBERED = 4_096;
/** A game may go on for hours: figures are of the last many. */
const MOST_DELAYS = 65_536;

/** What became of datagrams on one way: each is counted once. */
export interface WayReport {
  /** Not later than the deadline behind the undisturbed delay, and in order. */
  readonly inTime: number;
  /** Later than the deadline. */
  readonly late: number;
  /** In time, but behind a later one: many games throw such away. */
  readonly outOfOrder: number;
}

/** Times how long a game's datagrams take on one way. Numbers are those of one stream. */
export class Way {
  readonly #sentMs = new Float64Array(REMEMBERED);
  #ordered: number[] = [];
  #overtaken: number[] = [];
  #newest = -1;

  sent(number: number, nowMs: number): void {
    this.#sentMs[number % REMEMBERED] = nowMs;
  }

  /** It has come, for the first time. */
  arrived(number: number, nowMs: number): void {
    const delays = number > this.#newest ? this.#ordered : this.#overtaken;
    this.#newest = Math.max(this.#newest, number);
    if (delays.push(nowMs - this.#sentMs[number % REMEMBERED]) > MOST_DELAYS) delays.splice(0, MOST_DELAYS / 2);
  }

  /** @param deadlineMs how much later than the fastest one is late. */
  report(deadlineMs: number): WayReport {
    const fastestMs = this.#ordered.reduce((least, each) => Math.min(least, each), Infinity);
    const isInTime = (ms: number) => ms <= fastestMs + deadlineMs;
    const inTime = this.#ordered.filter(isInTime).length;
    const outOfOrder = this.#overtaken.filter(isInTime).length;
    return { inTime, outOfOrder, late: this.#ordered.length + this.#overtaken.length - inTime - outOfOrder };
  }
}
