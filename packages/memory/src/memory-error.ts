/** Stable values of {@link MemoryError.code}. */
export type MemoryErrorCode =
  /** A size or count is outside what is allowed. */
  'MEMORY_SIZE';

/** Misuse of this package by its caller. */
export class MemoryError extends Error {
  override readonly name = 'MemoryError';
  /** Stable, for programs. */
  readonly code: MemoryErrorCode;

  constructor(code: MemoryErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** @throws {MemoryError} `MEMORY_SIZE` unless `value` is an integer from `low` to `high`. */
export function requireSize(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new MemoryError('MEMORY_SIZE', `${name} must be an integer from ${low} to ${high}, got ${value}`);
  }
}
