/** Below this every microsecond has a bucket of its own; above, buckets are 1/1,024 of their value wide, or less. */
const EXACT_US = 2_048;
const BUCKETS_PER_DOUBLING = 1_024;
const DOUBLINGS = 14;

/**
 * Counts latencies in buckets, so that noting one costs an addition and a percentile is within 0.1 % of the true one.
 *
 * ```
 *   | 0 | 1 | ... | 2047 | 2048-2049 | 2050-2051 | ... | 4096-4099 | ...  up to 33 s; what is longer counts as that
 * ```
 */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(EXACT_US + DOUBLINGS * BUCKETS_PER_DOUBLING);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** @param latencyUs negative ones, which two clocks can give, count as 0. */
  note(latencyUs: number): void {
    this.#counts[bucketOf(latencyUs)]++;
    this.#total++;
  }

  /** @returns the latency in µs that `fraction` of all do not exceed; NaN if there is none. */
  percentileUs(fraction: number): number {
    let left = Math.max(1, Math.ceil(fraction * this.#total));
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      left -= this.#counts[bucket];
      if (left <= 0) return lowestOf(bucket);
    }
    return NaN;
  }
}

function bucketOf(latencyUs: number): number {
  const us = Math.max(0, Math.floor(latencyUs));
  if (us < EXACT_US) return us;
  // 2,048 has its highest bit at 11: one doubling above what is exact.
  const doubling = Math.min(DOUBLINGS, Math.floor(Math.log2(us)) - 10);
  const within = Math.min(BUCKETS_PER_DOUBLING - 1, Math.floor(us / 2 ** doubling) - BUCKETS_PER_DOUBLING);
  return EXACT_US + (doubling - 1) * BUCKETS_PER_DOUBLING + within;
}

function lowestOf(bucket: number): number {
  if (bucket < EXACT_US) return bucket;
  const doubling = Math.floor((bucket - EXACT_US) / BUCKETS_PER_DOUBLING) + 1;
  const within = (bucket - EXACT_US) % BUCKETS_PER_DOUBLING;
  return (BUCKETS_PER_DOUBLING + within) * 2 ** doubling;
}
