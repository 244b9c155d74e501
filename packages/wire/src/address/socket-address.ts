import { formatIpv4 } from '../ipv4.ts';
import { formatAddressWords, isLinkLocal, isMapped, parseAddressWords } from './ipv6-text.ts';

/**
 * An address of either family and a port, as settings, logs and the control plane hold them. On the packet path addresses are
 * handles of an {@link AddressBook} instead.
 */
export interface SocketAddress {
  /** An IP address in the form of RFC 5952, without brackets, an IPv4 address always dotted; or, where one connects to, a name. */
  readonly host: string;
  /** 0 to 65,535. */
  readonly port: number;
}

/** Bits of an IPv6 address that limits and bans count as one address. */
const IPV6_PREFIX_BITS = 64;

/**
 * Parses `a.b.c.d:port` or `[IPv6 address]:port`. An IPv4 address in IPv6 form becomes the IPv4 address.
 * @returns undefined if the text has another form or the port is over 65,535
 */
export function parseSocketAddress(text: string): SocketAddress | undefined {
  const parts = /^(?:\[([^\]]*:[^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text);
  if (parts === null || Number(parts[3]) > 0xffff) return undefined;
  const address = parseAddressWords(parts[1] ?? parts[2]);
  return address && { host: formatAddressWords(...address.words, address.scope), port: Number(parts[3]) };
}

/** Writes `192.0.2.1:4433`, `[2001:db8::1]:4433` or `name:4433`. */
export function formatSocketAddress({ host, port }: SocketAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether a host means every address of its family: `0.0.0.0` or `::`. */
export function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** Whether a host is this machine only: 127.0.0.0/8 or `::1`. */
export function isLoopback(host: string): boolean {
  const words = parseAddressWords(host)?.words;
  if (words === undefined) return false;
  const [word0, word1, word2, word3] = words;
  if ((word0 | word1) !== 0) return false;
  return word2 === 0xffff ? word3 >>> 24 === 127 : word2 === 0 && word3 === 1;
}

/**
 * What an address stands for. `unspecified`: every address of a machine. `link-local`: one machine on one link (fe80::/10).
 * `multicast`: many machines. `reserved`: nobody, as 240.0.0.0/4 with the broadcast address. `usual`: all others.
 */
export type AddressKind = 'unspecified' | 'loopback' | 'link-local' | 'multicast' | 'reserved' | 'usual';

/**
 * The kind of an address in text, with or without a scope.
 * @returns undefined for what is no address, such as a name
 */
export function addressKind(host: string): AddressKind | undefined {
  const words = parseAddressWords(host)?.words;
  if (words === undefined) return undefined;
  const [word0, word1, word2, word3] = words;
  if (isLoopback(host)) return 'loopback';
  if (isMapped(word0, word1, word2)) {
    if (word3 === 0) return 'unspecified';
    const network = word3 >>> 28;
    return network === 14 ? 'multicast' : network === 15 ? 'reserved' : 'usual';
  }
  if ((word0 | word1 | word2 | word3) === 0) return 'unspecified';
  if (word0 >>> 24 === 0xff) return 'multicast';
  return isLinkLocal(word0) ? 'link-local' : 'usual';
}

/**
 * What limits count a peer by: an IPv4 address itself, of an IPv6 address its first 64 bits. A household or a server has
 * one such network at least.
 * @param host an address; any other text is its own prefix
 * @returns `203.0.113.7` or `2001:db8:1:2::/64`
 */
export function addressPrefix(host: string): string {
  const words = parseAddressWords(host)?.words;
  if (words === undefined) return host;
  const [word0, word1, word2, word3] = words;
  return isMapped(word0, word1, word2) ? formatIpv4(word3) : `${formatAddressWords(word0, word1, 0, 0)}/${IPV6_PREFIX_BITS}`;
}

/**
 * The same text of the two words that `AddressBook.prefixHigh` and `prefixLow` give: (0, bits) is an IPv4 address. Of the
 * words (0, 0) only `::/64` comes in question, which `::1` is in.
 */
export function formatPrefixWords(high: number, low: number): string {
  return high === 0 && low !== 0 ? formatIpv4(low) : `${formatAddressWords(high, low, 0, 0)}/${IPV6_PREFIX_BITS}`;
}
