import { lookup } from 'node:dns/promises';
import { parseAddressWords, parseIpv4 } from '@lightspeed/wire';
import { ClientError } from '../base/errors.ts';
import { explainLookup } from '../base/lookup-errors.ts';

/** What there is to say of a game server that has no IPv4 address. */
export const IPV6_ONLY = 'it has only IPv6 addresses, and the tunnel’s header has room for IPv4 only';

/** What was found for a game server's name. */
export interface FoundServer {
  /** Its IPv4 addresses, unsigned, in the order of the name service; none if there is none. */
  readonly ips: readonly number[];
  /** Whether it has IPv6 addresses instead. */
  readonly ipv6Only: boolean;
  /** Why there is no address, in words. */
  readonly why: string;
  readonly cause: unknown;
}

/** Looks the name of a game server up, or takes its address. Never rejects. */
export async function findServer(host: string): Promise<FoundServer> {
  const literal = parseIpv4(host);
  if (literal !== undefined) return { ips: [literal], ipv6Only: false, why: '', cause: undefined };
  if (parseAddressWords(host) !== undefined) return { ips: [], ipv6Only: true, why: IPV6_ONLY, cause: undefined };
  try {
    const found = await lookup(host, { family: 4, all: true });
    return { ips: [...new Set(found.flatMap(({ address }) => parseIpv4(address) ?? []))], ipv6Only: false, why: '', cause: undefined };
  } catch (cause) {
    const ipv6Only = await hasIpv6(host);
    return { ips: [], ipv6Only, why: ipv6Only ? IPV6_ONLY : explainLookup(cause), cause };
  }
}

/**
 * The first IPv4 address of a game server.
 * @param option what names it, for the message.
 * @throws {ClientError} (rejection) `ERR_CLIENT_RESOLVE`, also if it has IPv6 addresses only.
 */
export async function requireServer(host: string, option: string, find = findServer): Promise<number> {
  const { ips, ipv6Only, why, cause } = await find(host);
  if (ips.length > 0) return ips[0];
  const fault = ipv6Only ? 'cannot play on' : 'cannot find';
  throw new ClientError('ERR_CLIENT_RESOLVE', `${option}: ${fault} "${host}": ${why}`, { cause, mayPass: !ipv6Only });
}

function hasIpv6(host: string): Promise<boolean> {
  return lookup(host, { family: 6 }).then(
    () => true,
    () => false,
  );
}
