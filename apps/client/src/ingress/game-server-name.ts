import { lookup } from 'node:dns/promises';
import { parseAddressWords, parseIpv4 } from '@lightspeed/wire';
import { ClientError } from '../base/errors.ts';
import { explainLookup } from '../base/lookup-errors.ts';

/** What there is to say of a game server that has no IPv4 address. */
export const IPV6_ONLY = 'it has only IPv6 addresses, and the tunnel’s header has room for IPv4 only';

/** What was found for a game server's name. */
export interface FoundServer {
  /** Unsigned; undefined if it has no IPv4 address. */
  readonly ip: number | undefined;
  /** Whether it has IPv6 addresses instead. */
  readonly ipv6Only: boolean;
  /** Why there is no address, in words. */
  readonly why: string;
  readonly cause: unknown;
}

/** Looks the name of a game server up, or takes its address. Never rejects. */
export async function findServer(host: string): Promise<FoundServer> {
  const literal = parseIpv4(host);
  if (literal !== undefined) return { ip: literal, ipv6Only: false, why: '', cause: undefined };
  if (parseAddressWords(host) !== undefined) return { ip: undefined, ipv6Only: true, why: IPV6_ONLY, cause: undefined };
  try {
    const { address } = await lookup(host, { family: 4 });
    return { ip: parseIpv4(address), ipv6Only: false, why: '', cause: undefined };
  } catch (cause) {
    const ipv6Only = await hasIpv6(host);
    return { ip: undefined, ipv6Only, why: ipv6Only ? IPV6_ONLY : explainLookup(cause), cause };
  }
}

/**
 * The IPv4 address of a game server.
 * @param option what names it, for the message.
 * @throws {ClientError} (rejection) `ERR_CLIENT_RESOLVE`, also if it has IPv6 addresses only.
 */
export async function requireServer(host: string, option: string): Promise<number> {
  const { ip, why, cause } = await findServer(host);
  if (ip !== undefined) return ip;
  throw new ClientError('ERR_CLIENT_RESOLVE', `${option}: cannot find host "${host}": ${why}`, { cause });
}

function hasIpv6(host: string): Promise<boolean> {
  return lookup(host, { family: 6 }).then(
    () => true,
    () => false,
  );
}
