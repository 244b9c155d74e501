import { parseIpv4, wholeNumberFault } from '@lightspeed/wire';
import { ProbeError } from './errors.ts';

/** Most probes of one measurement. */
export const MAX_PROBES = 10;
/** Most routers over which a measurement by `ttl` is spread. */
export const MAX_PROBED_ROUTERS = 3;
/** Longest pause between two probes of a measurement. */
export const MAX_SPACING_MS = 1_000;
/** Longest time that a probe may take before it counts as lost. */
export const MAX_ANSWER_TIMEOUT_MS = 1_000;
/** Ten pairs within 250 ms. */
const DEFAULT_SPACING_MS = 25;

/** What is measured: the round trip to a server, or for `ttl` to the last router before it that answers. */
export type ProbeKind = 'icmp' | 'tcp' | 'ttl' | 'a2s';

/** All kinds, in the order of how directly they speak for the server. */
export const PROBE_KINDS: readonly ProbeKind[] = ['icmp', 'tcp', 'a2s', 'ttl'];

/** A server, by an IPv4 address as text and the port that the game uses. */
export interface ProbeTarget {
  readonly ip: string;
  readonly port: number;
}

/** How to measure. */
export interface ProbeOptions {
  /** Probes to send, 1 to 10; default 1. */
  readonly count?: number;
  /** Pause between their beginnings, 0 to 1,000 ms; default 25. */
  readonly spacingMs?: number;
  /** After so long a probe is lost, 1 to 1,000 ms; default 1,000. */
  readonly timeoutMs?: number;
  /**
   * For `ttl`: over how many of the last routers that answer the probes are spread in turn, 1 to 3; default 1. Each of them answers few
   * probes at once.
   */
  readonly routers?: number;
}

/** Options that were checked, with nothing left out. */
export interface CheckedOptions extends Required<ProbeOptions> {
  readonly target: ProbeTarget;
  /** `SO_MARK` of the sockets; undefined for none. */
  readonly mark: number | undefined;
  /** Own address from which they send, as text; undefined for the system's choice. */
  readonly source: string | undefined;
}

/** @throws {ProbeError} `ERR_PROBE_OPTION` */
export function checkOptions(target: ProbeTarget, options: ProbeOptions, sockets: Pick<CheckedOptions, 'mark' | 'source'>): CheckedOptions {
  const { ip, port } = target;
  if (parseIpv4(ip) === undefined) throw new ProbeError('ERR_PROBE_OPTION', `ip must be an IPv4 address such as 192.0.2.7, got "${ip}"`);
  const { count = 1, spacingMs = DEFAULT_SPACING_MS, timeoutMs = MAX_ANSWER_TIMEOUT_MS, routers = 1 } = options;
  requireInteger('port', port, 1, 0xffff);
  requireInteger('count', count, 1, MAX_PROBES);
  requireInteger('spacingMs', spacingMs, 0, MAX_SPACING_MS);
  requireInteger('timeoutMs', timeoutMs, 1, MAX_ANSWER_TIMEOUT_MS);
  requireInteger('routers', routers, 1, MAX_PROBED_ROUTERS);
  return { target: { ip, port }, count, spacingMs, timeoutMs, routers, ...sockets };
}

/** @throws {ProbeError} `ERR_PROBE_OPTION` */
function requireInteger(name: string, value: number, least: number, most: number): void {
  const fault = wholeNumberFault(name, value, least, most);
  if (fault !== undefined) throw new ProbeError('ERR_PROBE_OPTION', fault);
}
