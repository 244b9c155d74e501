/** Stable names of what can be misused in this package. */
export type FecErrorCode =
  | 'FEC_GROUP_SIZE'
  | 'FEC_GROUP_ID'
  | 'FEC_HEADER_KIND'
  | 'FEC_MAX_AGE'
  | 'FEC_MEMORY_REGION'
  | 'FEC_MEMORY_BLOCK'
  | 'FEC_MEMORY_RANGE'
  | 'FEC_MEMORY_EXHAUSTED'
  | 'FEC_PAYLOAD_LENGTH';

/** Misuse of this package by its caller. What peers send never causes one. */
export class FecError extends RangeError {
  override readonly name = 'FecError';
  /** Stable, for programs. */
  readonly code: FecErrorCode;

  constructor(code: FecErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** @throws {FecError} with `code` unless `value` is an integer from `low` to `high`. */
export function requireInteger(code: FecErrorCode, what: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new FecError(code, `${what} must be an integer from ${low} to ${high}, got ${value}`);
  }
}
