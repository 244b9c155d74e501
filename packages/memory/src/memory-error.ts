import { wholeNumberFault } from '@lightspeed/wire';

/** Stable values of {@link MemoryError.code}. */
export type MemoryErrorCode =
  /** A size or count is outside what is allowed. */
  'ERR_MEMORY_SIZE';

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

/** @throws {MemoryError} `ERR_MEMORY_SIZE` unless `value` is an integer from `low` to `high`. */
export function requireInteger(name: string, value: number, low: number, high: number): void {
  const fault = wholeNumberFault(name, value, low, high);
  if (fault !== undefined) throw new MemoryError('ERR_MEMORY_SIZE', fault);
}
