/**
 * What keeps a LightSpeed node from being abused: rate limits, amplification and reflection guards, bans, destination
 * policy, session tokens. Every class decides and returns, without I/O, clock or randomness of its own, in memory that is
 * fixed when it is made; no call on the packet path allocates. A refusal is a reason that the caller counts.
 *
 * Addresses are IPv4 as 32-bit numbers, in signed or unsigned form alike; times are wrapping int32 milliseconds of one
 * monotonic clock; a slot is the caller's number for a session, from 0 to `capacity - 1`.
 *
 * @module
 */
export { AmplificationGuard } from './amplification-guard.ts';
export type { AmplificationGuardOptions } from './amplification-guard.ts';
export { BanTable } from './ban-table.ts';
export type { BanTableOptions } from './ban-table.ts';
export { BUILT_IN_DENIALS } from './built-in-denials.ts';
export type { BuiltInDenial } from './built-in-denials.ts';
export { DestinationPolicy } from './destination-policy.ts';
export type { DestinationPolicyOptions } from './destination-policy.ts';
export { formatDestinationRule, parseDestinationRule } from './destination-rule.ts';
export type { DestinationRule } from './destination-rule.ts';
export { DEFAULT_RATE_BPS, DEFAULT_RATE_PPS, RateLimiter } from './rate-limiter.ts';
export {
  DESTINATION_ADMITTED,
  DESTINATION_REFUSED,
  DESTINATION_REFUSED_BAN,
  ReflectionGuard,
} from './reflection-guard.ts';
export type { ReflectionGuardOptions } from './reflection-guard.ts';
export { SecurityError } from './security-error.ts';
export type { SecurityErrorCode } from './security-error.ts';
export { TokenTable } from './token-table.ts';
export type { TokenTableOptions } from './token-table.ts';
export { UnboundRateLimiter } from './unbound-rate-limiter.ts';
export type { UnboundRateLimiterOptions } from './unbound-rate-limiter.ts';
