/** A ratio of 1 as a percentage with one decimal, or `-` for none. */
export function percent(ratio: number | undefined): string {
  return ratio === undefined ? '-' : `${(ratio * 100).toFixed(1)} %`;
}
