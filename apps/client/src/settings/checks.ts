import type { Endpoint } from '@lightspeed/wire';
import { formatEndpoint, formatIpv4, wholeNumberFault } from '@lightspeed/wire';
import { ClientError } from '../base/errors.ts';
import { allowedInPlaceOf } from './one-machine.ts';

/*
 * The checks of settings, one by one. Each throws a {@link ClientError} `ERR_CLIENT_INVALID_SETTING` with what was got and
 * what is allowed.
 */

/** The error for a setting that is outside what is allowed. */
export function invalid(name: string, got: string | number, allowed: string): ClientError {
  return new ClientError('ERR_CLIENT_INVALID_SETTING', `${name} is ${got}; allowed: ${allowed}`, { setting: name });
}

/** Wants a whole number from `min` to `max`. */
export function requireInteger(name: string, value: number, min: number, max: number): void {
  const fault = wholeNumberFault(name, value, min, max);
  if (fault !== undefined) throw new ClientError('ERR_CLIENT_INVALID_SETTING', fault, { setting: name });
}

/** Wants one of some words. */
export function requireOneOf(name: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) throw invalid(name, value, allowed.join(', '));
}

/** Wants an IPv4 address that a machine can have, or 0.0.0.0 where that is allowed, and a port that is not below `minPort`. */
export function requireEndpoint(name: string, { ip, port }: Endpoint, minPort: number, mayBeAny: boolean): void {
  requireInteger(`${name}.ip`, ip, 0, 0xffff_ffff);
  requireInteger(`${name}.port`, port, minPort, 0xffff);
  const allowed = allowedInPlaceOf(formatIpv4(ip));
  if (allowed !== undefined && !(mayBeAny && ip === 0)) throw invalid(name, formatEndpoint(ip, port), allowed);
}
