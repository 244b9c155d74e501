import { familyOf } from '../settings/addresses.ts';
import type { ParsedTunnelSettings } from '../settings/tunnel-settings.ts';
import type { RegisteredSession } from './registered-session.ts';

const NO_SECRET = 'the node gave no secret for the session, so it can have one path only';
const NO_IPV4_INSIDE = 'the node has IPv6 addresses only, and a packet through another node (--via) has no room for one';

/** Why a session cannot be used as the settings want it; undefined if it can. */
export function sessionObstacle(
  { secret, data }: RegisteredSession,
  { source, paths }: Pick<ParsedTunnelSettings, 'source' | 'paths'>,
  hasVia: boolean,
): string | undefined {
  if (secret === undefined && (paths.length > 0 || hasVia)) return NO_SECRET;
  if (hasVia && data.ipv4 === undefined) return NO_IPV4_INSIDE;
  const unfit = [source, ...paths].find((local) => local !== undefined && data[familyOf(local) ?? 'ipv4'] === undefined);
  if (unfit === undefined) return undefined;
  return `the node has no ${familyOf(unfit) === 'ipv6' ? 'IPv6' : 'IPv4'} address to which ${unfit} could send`;
}
