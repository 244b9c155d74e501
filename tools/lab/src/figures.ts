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
