import { wholeNumberFault } from '@lightspeed/wire';

/** Stable names of what can be misused in this package. */
export type FecErrorCode =
  | 'ERR_FEC_GROUP_SIZE'
  | 'ERR_FEC_GROUP_ID'
  | 'ERR_FEC_HEADER_KIND'
  | 'ERR_FEC_MAX_AGE'
  | 'ERR_FEC_MEMORY_REGION'
  | 'ERR_FEC_MEMORY_BLOCK'
  | 'ERR_FEC_MEMORY_RANGE'
  | 'ERR_FEC_MEMORY_EXHAUSTED'
  | 'ERR_FEC_PAYLOAD_LENGTH';

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
  const fault = wholeNumberFault(what, value, low, high);
  if (fault !== undefined) throw new FecError(code, fault);
}
