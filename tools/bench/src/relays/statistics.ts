/** @returns the middle of the values, the mean of the two middle ones if their number is even; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** @returns the median of the ratios of values that belong together, such as those of one round. */
export function medianRatio(values: readonly number[], references: readonly number[]): number {
  return median(values.map((value, index) => value / references[index]));
}

/** @returns the median of the differences of values that belong together. */
export function medianDifference(values: readonly number[], references: readonly number[]): number {
  return median(values.map((value, index) => value - references[index]));
}
