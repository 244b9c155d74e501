/**
 * The check of whole numbers that all packages share: each throws its own error with this text.
 * @param name what the number is, for the text
 * @returns what is wrong with `value`, or undefined if it is a whole number from `min` to `max`
 */
export function wholeNumberFault(name: string, value: number, min: number, max: number): string | undefined {
  if (Number.isInteger(value) && value >= min && value <= max) return undefined;
  return `${name} must be a whole number from ${min} to ${max}, got ${value}`;
}
