import { isIPv6 } from 'node:net';

/** A UDP address: `host` is an IPv4 or IPv6 address, or where one connects to also a name; IPv6 without brackets. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** `192.0.2.1:4433`, `[2001:db8::1]:4433`. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

const V4_MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** An IPv4 peer of a socket that speaks both families appears as `::ffff:192.0.2.1`: here it is `192.0.2.1`. */
export function plainAddress(host: string): string {
  return V4_MAPPED.exec(host)?.[1] ?? host;
}

/**
 * The key by which connections of one peer are counted: an IPv4 address, or the first 64 bits of an IPv6 address. One
 * host has all addresses of such a network.
 */
export function addressKey(host: string): string {
  if (!isIPv6(host)) return host;
  const [before = '', after = ''] = host.toLowerCase().split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === '' ? [] : after.split(':');
  const zeros = host.includes('::') ? 8 - head.length - tail.length : 0;
  const groups = [...head, ...Array<string>(Math.max(zeros, 0)).fill('0'), ...tail];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
