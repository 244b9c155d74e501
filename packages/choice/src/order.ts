/**
 * The value with half of the others below it, of at least one. With an even number it is the mean of the middle two.
 * @param sorted in rising order.
 */
export function medianOf(sorted: ArrayLike<number>): number {
  const middle = sorted.length >>> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A copy in rising order. */
export function inOrder(values: Iterable<number>): Float64Array {
  return Float64Array.from(values).sort();
}

/**
 * Which of `count` values in rising order is a lower bound of the true median, wrong with a probability of `risk` at most. How many
 * values lie below the median is like `count` throws of a coin, a binomial distribution.
 * Nothing is assumed of the values' own distribution (docs/choosing.md, Intervals).
 * @returns the index of the bound among sorted values, or -1 if there are too few values for any bound.
 */
export function boundIndex(count: number, risk: number): number {
  // In logarithms: the share of one throw underflows with some thousand values.
  let logTerm = -count * Math.LN2;
  let sum = 0;
  let index = -1;
  for (let below = 0; below < count; below++) {
    sum += Math.exp(logTerm);
    if (sum > risk) break;
    index = below;
    logTerm += Math.log((count - below) / (below + 1));
  }
  return index;
}

/** Of both bounds together: 95 times in 100 the true median is within. */
export const INTERVAL_CONFIDENCE = 0.95;

/**
 * The interval of the median at {@link INTERVAL_CONFIDENCE}, without any assumption on the distribution
 * (docs/choosing.md, Intervals).
 * @returns undefined for fewer than six values: no interval of theirs is as sure.
 */
export function medianInterval(sorted: ArrayLike<number>): readonly [low: number, high: number] | undefined {
  const index = boundIndex(sorted.length, (1 - INTERVAL_CONFIDENCE) / 2);
  return index < 0 ? undefined : [sorted[index], sorted[sorted.length - 1 - index]];
}
