import { familyOf } from '../settings/addresses.ts';
import type { ParsedTunnelSettings } from '../settings/tunnel-settings.ts';
import type { RegisteredSession } from './registered-session.ts';

const NO_SECRET = 'the node gave no secret for the session, so it can have one path only';
const NO_IPV4_INSIDE = 'the node has IPv6 addresses only, and a packet through another node (--via) has no room for one';

/**
 * Why a session cannot be used as the settings want it; undefined if it can.
 * @param host what the node was named by: an address shows one family only, unless the node tells another one.
 */
export function sessionObstacle(
  { secret, data }: Pick<RegisteredSession, 'secret' | 'data'>,
  { source, paths }: Pick<ParsedTunnelSettings, 'source' | 'paths'>,
  hasVia: boolean,
  host: string,
): string | undefined {
  if (secret === undefined && (paths.length > 0 || hasVia)) return NO_SECRET;
  if (hasVia && data.ipv4 === undefined) return `${NO_IPV4_INSIDE}${adviceFor(host)}`;
  const unfit = [source, ...paths].find((local) => local !== undefined && data[familyOf(local) ?? 'ipv4'] === undefined);
  return unfit === undefined ? undefined : noSuchFamily(unfit, host);
}

/** What to say of a local address of a family in which the node has no address. */
export function noSuchFamily(local: string, host: string): string {
  return `the node has no ${familyOf(local) === 'ipv6' ? 'IPv6' : 'IPv4'} address to which ${local} could send${adviceFor(host)}`;
}

function adviceFor(host: string): string {
  if (familyOf(host) === undefined) return '';
  return `: it was named by its address ${host}; name it by a host name that has addresses of both families`;
}
