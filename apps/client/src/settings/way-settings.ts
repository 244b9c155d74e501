import { addressKind, parseIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { invalid, requireInteger } from './checks.ts';

/** Most rules that a tunnel takes. */
const MAX_WAY_RULES = 256;

/** The way that is no node's: from this machine straight to the game server. */
export const DIRECT = 'direct';

const IPV4_ONLY = 'an IPv4 address or prefix, as game servers have IPv4 addresses only: the header of a packet has no room for IPv6';

/** By which way the datagrams for some game servers go. The first rule that fits a server counts. */
export interface WayRule {
  /** The servers: an IPv4 address or prefix, such as `203.0.113.9` or `203.0.113.0/24`. */
  readonly servers: string;
  /** Only servers at this port; without it, any. */
  readonly port?: number | undefined;
  /** `direct`, or the name of a node, `HOST:PORT` of its control plane as the settings have it. */
  readonly way: string;
}

/** A {@link WayRule} that is checked. */
export interface ParsedWayRule {
  /** int32 bit pattern, with no bit set that is not of the prefix. */
  readonly ip: number;
  /** int32 bit pattern. */
  readonly mask: number;
  /** 0 is any. */
  readonly port: number;
  /** Undefined is the direct way. */
  readonly node: string | undefined;
}

/**
 * Checks rules once.
 * @param nodes the names of the nodes that there are.
 * @throws {ClientError} `ERR_CLIENT_INVALID_SETTING`
 */
export function parseWayRules(rules: readonly WayRule[], nodes: readonly string[]): ParsedWayRule[] {
  requireInteger('the number of ways', rules.length, 0, MAX_WAY_RULES);
  return rules.map(({ servers, port, way }, index) => {
    const name = `ways[${index}]`;
    if (port !== undefined) requireInteger(`${name}.port`, port, 1, 0xffff);
    if (way !== DIRECT && !nodes.includes(way)) throw invalid(`${name}.way`, way, [DIRECT, ...nodes].join(', '));
    const prefix = parseServers(servers);
    if ('allowed' in prefix) throw invalid(`${name}.servers`, JSON.stringify(servers), prefix.allowed);
    return { ...prefix, port: port ?? 0, node: way === DIRECT ? undefined : way };
  });
}

/** The rule that counts for a game server, if there is one; `ip` in signed or unsigned form. */
export function ruleFor<Rule extends Pick<ParsedWayRule, 'ip' | 'mask' | 'port'>>(
  rules: readonly Rule[],
  { ip, port }: Endpoint,
): Rule | undefined {
  return rules.find((rule) => (ip & rule.mask) === rule.ip && (rule.port === 0 || rule.port === port));
}

/** Reads an IPv4 address or prefix as int32 bit patterns; or says what is allowed in its place. */
export function parseServers(text: string): { readonly ip: number; readonly mask: number } | { readonly allowed: string } {
  const [address = '', bits = '32', ...more] = text.split('/');
  if (addressKind(address.replace(/^\[(.*)\]$/, '$1')) !== undefined && parseIpv4(address) === undefined) return { allowed: IPV4_ONLY };
  const ip = parseIpv4(address);
  const known = ip !== undefined && more.length === 0 && /^\d{1,2}$/.test(bits) && Number(bits) <= 32;
  if (!known) return { allowed: 'an IPv4 address or prefix, such as 203.0.113.9 or 203.0.113.0/24' };
  // A shift by 32 would be one by 0.
  const mask = Number(bits) === 0 ? 0 : (-1 << (32 - Number(bits))) | 0;
  return { ip: ip & mask, mask };
}
