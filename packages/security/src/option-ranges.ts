import { wholeNumberFault } from '@lightspeed/wire';
import { SecurityError } from './security-error.ts';

/** Slots, cells or buckets that one table may have at the most: what still is a sensible amount of memory. */
export const MAX_CAPACITY = 1 << 24;

/** The longest time that wrapping int32 milliseconds can tell from one that has passed: 24.8 days. */
export const MAX_DURATION_MS = 0x7fff_ffff;

/** @throws {SecurityError} `ERR_SECURITY_OPTION_RANGE` unless `value` is an integer from `low` to `high`. */
export function requireInteger(name: string, value: number, low: number, high: number): number {
  const fault = wholeNumberFault(name, value, low, high);
  if (fault !== undefined) throw new SecurityError('ERR_SECURITY_OPTION_RANGE', fault);
  return value;
}

/** @throws {SecurityError} `ERR_SECURITY_OPTION_RANGE` unless `value` is a power of two from `low` to `MAX_CAPACITY`. */
export function requirePowerOfTwo(name: string, value: number, low: number): number {
  if (!Number.isInteger(value) || value < low || value > MAX_CAPACITY || (value & (value - 1)) !== 0) {
    throw new SecurityError('ERR_SECURITY_OPTION_RANGE', `${name} must be a power of two from ${low} to ${MAX_CAPACITY}, got ${value}`);
  }
  return value;
}
