import type { Endpoint } from '@lightspeed/wire';
import { formatEndpoint, wholeNumberFault } from '@lightspeed/wire';
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
  const fault = wholeNumberFault(name, value, min, max);
  if (fault !== undefined) throw new ClientError('ERR_CLIENT_INVALID_SETTING', fault);
}

/** Wants one of some words. */
export function requireOneOf(name: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) throw invalid(name, value, allowed.join(', '));
}

/** 240.0.0.0/4 is nobody's; inside of the data plane its numbers stand for IPv6 addresses. */
const RESERVED_NETWORK = 15;

/** Wants an IPv4 address and a port that is not below `minPort`. */
export function requireEndpoint(name: string, { ip, port }: Endpoint, minPort: number): void {
  requireInteger(`${name}.ip`, ip, 0, 0xffff_ffff);
  if (ip >>> 28 === RESERVED_NETWORK) throw invalid(name, formatEndpoint(ip, port), 'addresses that are not in 240.0.0.0/4');
  requireInteger(`${name}.port`, port, minPort, 0xffff);
}
