import { STUN_PORTS } from '@lightspeed/capture';
import type { NeverReason, NeverRule } from '@lightspeed/choice';

/*
 * Servers that are known by their addresses and ports to be reached directly, whatever was measured (docs/choosing.md, What always
 * goes direct). They are facts of public registries and of makers' manuals.
 */

/**
 * The IPv4 networks that Valve announces (AS32590). What its games speak to there are its relays, the Steam Datagram Relay.
 * Community servers are at hosters, in other networks.
 */
const SDR_PREFIXES = [
  '45.121.184.0/22',
  '103.10.124.0/23',
  '103.28.54.0/23',
  '146.66.152.0/21',
  '155.133.224.0/19',
  '162.254.192.0/21',
  '185.25.180.0/22',
  '192.69.96.0/22',
  '205.196.6.0/24',
  '208.64.200.0/22',
  '208.78.164.0/22',
];

/** Ports at which games measure the regions of a hoster before matchmaking: those of Amazon GameLift and of Azure PlayFab. */
const BEACON_PORTS: readonly number[] = [7_770, 3_075];

const STUN_RANGES = STUN_PORTS.map(({ ports }) => ports.split('-').map(Number)).map(([first, last = first]) => ({ first, last }));

/** Which servers are reached directly by their addresses. */
export const NEVER_NETWORKS: readonly NeverRule[] = SDR_PREFIXES.map((prefix) => ({ reason: 'sdr', prefix }));

/** Why servers at this port are reached directly. @returns undefined if nothing speaks against a node. */
export function neverByPort(port: number): NeverReason | undefined {
  if (STUN_RANGES.some(({ first, last }) => port >= first && port <= last)) return 'stun';
  return BEACON_PORTS.includes(port) ? 'beacon' : undefined;
}
