/**
 * Round trips to a game server, or to the last router before it. The kinds are ICMP echo, TCP connect, UDP datagrams whose TTL ends
 * before the server, and A2S_INFO. Client and node measure with the same code, so that their figures can be compared. On Linux the
 * kernel's clock says when an answer came, so a busy program measures no longer round trips than an idle one.
 *
 * @module
 */
export { ProbeError } from './base/errors.ts';
export type { ProbeErrorCode } from './base/errors.ts';
export { MAX_ANSWER_TIMEOUT_MS, MAX_PROBED_ROUTERS, MAX_PROBES, MAX_SPACING_MS, PROBE_KINDS } from './base/options.ts';
export type { ProbeKind, ProbeOptions, ProbeTarget } from './base/options.ts';
export { MAX_SEARCH_DATAGRAMS_AT_SERVER } from './kinds/ttl.ts';
export type { WayRouter, WayRouters } from './kinds/ttl.ts';
export { Prober, whyNoProbes } from './prober.ts';
export type { Measurement, ProberOptions } from './prober.ts';
