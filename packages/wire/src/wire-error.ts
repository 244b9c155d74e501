/** Misuse of this package by its caller. Remote input never causes one. */
export class WireError extends Error {
  override readonly name = 'WireError';
  /** Stable, for programs. */
  readonly code: 'WIRE_FIELD_RANGE' | 'WIRE_ADDRESS_NOT_RETAINED';

  constructor(code: WireError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** @throws {WireError} `WIRE_FIELD_RANGE` unless `value` is an integer from `low` to `high`. */
export function requireInteger(field: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new WireError('WIRE_FIELD_RANGE', `${field} must be an integer from ${low} to ${high}, got ${value}`);
  }
}
