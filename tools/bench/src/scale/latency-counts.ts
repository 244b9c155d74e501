const LONGEST_US = 200_000;

/** Round-trip times, counted by whole microseconds; what takes longer than 200 ms counts as that. */
export class LatencyCounts {
  readonly #counts = new Float64Array(LONGEST_US + 1);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(us: number): void {
    this.#counts[us < 0 ? 0 : us > LONGEST_US ? LONGEST_US : us]++;
    this.#total++;
  }

  /** The time in µs that a share of all, 0 to 1, kept to; 0 if there are none. */
  quantile(share: number): number {
    let left = Math.ceil(share * this.#total);
    for (let us = 0; us <= LONGEST_US; us++) {
      left -= this.#counts[us];
      if (left <= 0) return us;
    }
    return LONGEST_US;
  }
}

export interface Latencies {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
}

export function latenciesOf(counts: LatencyCounts): Latencies {
  return {
    p50Us: counts.quantile(0.5),
    p99Us: counts.quantile(0.99),
    p999Us: counts.quantile(0.999),
    maxUs: counts.quantile(1),
  };
}
