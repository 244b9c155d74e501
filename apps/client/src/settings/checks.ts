import type { Endpoint } from '@lightspeed/wire';
import { formatEndpoint } from '@lightspeed/wire';
import { ClientError } from '../base/errors.ts';

/*
 * The checks of settings, one by one. Each throws a {@link ClientError} `ERR_CLIENT_INVALID_SETTING` with what was got and
 * what is allowed.
 */

/** The error for a setting that is outside what is allowed. */
export function invalid(name: string, got: string | number, allowed: string): ClientError {
  return new ClientError('ERR_CLIENT_INVALID_SETTING', `${name} is ${got}; allowed: ${allowed}`);
}

/** Wants a whole number from `min` to `max`. */
export function requireInteger(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw invalid(name, value, `whole numbers from ${min} to ${max}`);
}

/** Wants one of some words. */
export function requireOneOf(name: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) throw invalid(name, value, allowed.join(', '));
}

/** Wants an IPv4 address and a port that is not below `minPort`. */
export function requireEndpoint(name: string, { ip, port }: Endpoint, minPort: number): void {
  requireInteger(`${name}.ip`, ip, 0, 0xffff_ffff);
  if (Number.isInteger(port) && port >= minPort && port <= 0xffff) return;
  throw invalid(name, formatEndpoint(ip, port), `ports from ${minPort} to 65535`);
}
