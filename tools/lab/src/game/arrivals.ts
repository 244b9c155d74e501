/** How far behind the newest one a datagram may come and be counted right. */
const REMEMBERED = 4_096;

/** What came of a stream of datagrams that are numbered from 0: how much, how much twice, how much not. */
export class Arrivals {
  /** Each number's place remembers the newest one that fell there, plus one. */
  readonly #seen = new Int32Array(REMEMBERED);
  #end = 0;
  /** Different numbers that came. */
  received = 0;
  /** Numbers that came again. One that comes {@link REMEMBERED} or more behind the highest counts as such too. */
  duplicates = 0;

  /** Of those up to the highest, how many have not come. Late ones may still. */
  get missing(): number {
    return this.#end - this.received;
  }

  note(number: number): void {
    const place = number % REMEMBERED;
    if (this.#seen[place] > number) {
      this.duplicates++;
      return;
    }
    this.#seen[place] = number + 1;
    this.received++;
    this.#end = Math.max(this.#end, number + 1);
  }
}
