import { wholeNumberFault } from './whole-number.ts';

/** Misuse of this package by its caller. Remote input never causes one. */
export class WireError extends Error {
  override readonly name = 'WireError';
  /** Stable, for programs. */
  readonly code: 'ERR_WIRE_FIELD_RANGE' | 'ERR_WIRE_ADDRESS_NOT_RETAINED';

  constructor(code: WireError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** @throws {WireError} `ERR_WIRE_FIELD_RANGE` unless `value` is a whole number from `low` to `high`. */
export function requireInteger(field: string, value: number, low: number, high: number): void {
  const fault = wholeNumberFault(field, value, low, high);
  if (fault !== undefined) throw new WireError('ERR_WIRE_FIELD_RANGE', fault);
}
