const REMEMBERED = 4_096;

/** What came of a numbered stream that starts at 1: how much, how much twice, how much not. */
export class Arrivals {
  /** Each sequence's place remembers the newest one that fell there. */
  readonly #seen = new Int32Array(REMEMBERED);
  #received = 0;
  #duplicates = 0;
  #highest = 0;

  /** Different sequences that came. */
  get received(): number {
    return this.#received;
  }

  /** Sequences that came again. One that comes {@link REMEMBERED} or more behind the highest counts as such too. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** The newest sequence, 0 before any. */
  get highest(): number {
    return this.#highest;
  }

  /** Of those up to the highest, how many have not come. Late ones may still. */
  get missing(): number {
    return this.#highest - this.#received;
  }

  note(sequence: number): void {
    const place = sequence % REMEMBERED;
    if (this.#seen[place] >= sequence) {
      this.#duplicates++;
      return;
    }
    this.#seen[place] = sequence;
    this.#received++;
    if (sequence > this.#highest) this.#highest = sequence;
  }
}
