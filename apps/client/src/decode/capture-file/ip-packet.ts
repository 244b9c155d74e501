import { formatAddressWords, formatIpv4 } from '@lightspeed/wire';
import { int32, uint16 } from './numbers.ts';

const IPV4_MIN_BYTES = 20;
const IPV6_BYTES = 40;
const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET = 0x1fff;
const FRAGMENT_UNIT = 8;
/** Headers that stand between IPv6 and what it carries, each with its length in its second byte. */
const IPV6_OPTIONS: readonly number[] = [0, 43, 60, 135, 139, 140];
const IPV6_FRAGMENT = 44;
const IPV6_AUTHENTICATION = 51;
const MAX_EXTENSIONS = 16;

/** A part of an IP packet that was too long for a link. */
interface Fragment {
  /** What all parts of one packet have in common. */
  readonly key: string;
  /** Where its bytes belong. */
  readonly offset: number;
  readonly isLast: boolean;
}

/** An IP packet, or a part of one. */
export interface IpPacket {
  readonly source: string;
  readonly destination: string;
  /** What it carries: 17 is UDP. */
  readonly protocol: number;
  /** What was captured of what it carries. */
  readonly content: Uint8Array;
  /** Bytes of its content that were not captured. */
  readonly missingBytes: number;
  readonly fragment: Fragment | undefined;
}

/** Reads the IP packet at `at`, of either version. Total: any bytes give a packet or the reason why there is none. */
export function readIp(bytes: Uint8Array, at: number): IpPacket | { readonly why: string } {
  const version = at < bytes.length ? bytes[at] >> 4 : 0;
  if (version === 4) return readIpv4(bytes, at);
  if (version === 6) return readIpv6(bytes, at);
  return { why: at < bytes.length ? `IP version ${version}` : 'a frame that ends in front of IP' };
}

function readIpv4(bytes: Uint8Array, at: number): IpPacket | { readonly why: string } {
  if (at + IPV4_MIN_BYTES > bytes.length) return { why: 'IPv4 whose header is cut short' };
  const headerBytes = (bytes[at] & 0x0f) * 4;
  // Who sends by segmentation offload may leave 0 there: then the frame tells.
  const totalBytes = uint16(bytes, at + 2) || bytes.length - at;
  if (headerBytes < IPV4_MIN_BYTES || headerBytes > totalBytes) return { why: 'IPv4 whose header contradicts itself' };
  const end = at + totalBytes;
  const place = uint16(bytes, at + 6);
  const isPart = (place & (MORE_FRAGMENTS | FRAGMENT_OFFSET)) !== 0;
  const source = formatIpv4(int32(bytes, at + 12));
  const destination = formatIpv4(int32(bytes, at + 16));
  const protocol = bytes[at + 9];
  const key = `${source} ${destination} ${protocol} ${uint16(bytes, at + 4)}`;
  return {
    source,
    destination,
    protocol,
    content: bytes.subarray(Math.min(at + headerBytes, bytes.length), Math.min(end, bytes.length)),
    missingBytes: Math.max(0, end - Math.max(bytes.length, at + headerBytes)),
    fragment: isPart ? { key, offset: (place & FRAGMENT_OFFSET) * FRAGMENT_UNIT, isLast: (place & MORE_FRAGMENTS) === 0 } : undefined,
  };
}

function readIpv6(bytes: Uint8Array, at: number): IpPacket | { readonly why: string } {
  if (at + IPV6_BYTES > bytes.length) return { why: 'IPv6 whose header is cut short' };
  const end = at + IPV6_BYTES + (uint16(bytes, at + 4) || bytes.length - at - IPV6_BYTES);
  const source = ipv6Text(bytes, at + 8);
  const destination = ipv6Text(bytes, at + 24);
  const known = Math.min(end, bytes.length);
  let protocol = bytes[at + 6];
  let next = at + IPV6_BYTES;
  let fragment: Fragment | undefined;
  for (let headers = 0; headers < MAX_EXTENSIONS && (isExtension(protocol) || protocol === IPV6_FRAGMENT); headers++) {
    if (next + FRAGMENT_UNIT > known) return { why: 'IPv6 whose extension headers are cut short' };
    if (protocol === IPV6_FRAGMENT) {
      const place = uint16(bytes, next + 2);
      const key = `${source} ${destination} ${int32(bytes, next + 4)}`;
      const isWhole = (place & 0xfff9) === 0;
      fragment = isWhole ? undefined : { key, offset: place & 0xfff8, isLast: (place & 1) === 0 };
      protocol = bytes[next];
      next += FRAGMENT_UNIT;
      if (fragment !== undefined && fragment.offset > 0) break;
      continue;
    }
    const length = protocol === IPV6_AUTHENTICATION ? (bytes[next + 1] + 2) * 4 : (bytes[next + 1] + 1) * 8;
    protocol = bytes[next];
    next += length;
    if (next > known) return { why: 'IPv6 whose extension headers are cut short' };
  }
  const content = bytes.subarray(next, known);
  return { source, destination, protocol, content, missingBytes: end - known, fragment };
}

function isExtension(protocol: number): boolean {
  return IPV6_OPTIONS.includes(protocol) || protocol === IPV6_AUTHENTICATION;
}

function ipv6Text(bytes: Uint8Array, at: number): string {
  return formatAddressWords(int32(bytes, at), int32(bytes, at + 4), int32(bytes, at + 8), int32(bytes, at + 12));
}
