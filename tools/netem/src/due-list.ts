/** Things that are due at a time, the earliest first; of those due together, what went in first comes first. */
export class DueList<T extends { readonly dueMs: number }> {
  readonly #entries: T[] = [];
  /** How many of the entries are gone. They are cut off many at a time, for to cut one off moves all the others. */
  #gone = 0;

  get size(): number {
    return this.#entries.length - this.#gone;
  }

  get first(): T | undefined {
    return this.#entries[this.#gone];
  }

  /** Looks for the place from the end: what comes last is nearly always due last. */
  insert(entry: T): void {
    const place = this.#entries.findLastIndex(({ dueMs }) => dueMs <= entry.dueMs) + 1;
    this.#entries.splice(Math.max(place, this.#gone), 0, entry);
  }

  /** All that is due by then. */
  until(timeMs: number): T[] {
    let end = this.#gone;
    while (end < this.#entries.length && this.#entries[end].dueMs <= timeMs) end += 1;
    return this.#entries.slice(this.#gone, end);
  }

  /** @returns whether it was there. */
  remove(entry: T): boolean {
    const place = this.#entries.indexOf(entry, this.#gone);
    if (place > this.#gone) this.#entries.splice(place, 1);
    if (place !== this.#gone) return place >= 0;
    this.#gone += 1;
    if (this.#gone * 2 > this.#entries.length) {
      this.#entries.splice(0, this.#gone);
      this.#gone = 0;
    }
    return true;
  }
}
