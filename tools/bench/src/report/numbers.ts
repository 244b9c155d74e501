/** Numbers as tables show them. What was not measured, NaN or undefined, is an en dash. */
const NOTHING = '–';

export function fixed(value: number | undefined, digits: number): string {
  return value === undefined || Number.isNaN(value) ? NOTHING : value.toFixed(digits);
}

export function whole(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? NOTHING : Math.round(value).toLocaleString('en');
}

/** @param fraction of 1 */
export function percent(fraction: number): string {
  return Number.isNaN(fraction) ? NOTHING : `${(fraction * 100).toFixed(2)} %`;
}

export function mebibytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1);
}
