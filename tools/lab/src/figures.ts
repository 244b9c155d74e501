/** Numbers as the lab prints them. */

/** A number with commas between thousands. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** @param fraction of 1; 0 of 0 is NaN, and shown as none */
export function percent(fraction: number): string {
  return Number.isNaN(fraction) ? '0.00 %' : `${(fraction * 100).toFixed(2)} %`;
}

/** @param valueMs below 0 for one that was never measured */
export function milliseconds(valueMs: number): string {
  return valueMs < 0 ? '-' : `${valueMs.toFixed(1)} ms`;
}

/** Bytes as MiB with one decimal. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}

/** The value that this share of all is not above; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)] ?? NaN;
}

/** The sum of what `value` says of each. */
export function sumOf<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

/** The median and the 99th percentile of times. */
export function medianAndP99(timesMs: readonly number[]): string {
  return [0.5, 0.99].map((share) => milliseconds(percentile(timesMs, share))).join(', ');
}
