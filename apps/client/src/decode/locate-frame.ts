import { LinkType } from './capture-file/captured-frame.ts';
import { readIp } from './capture-file/ip-packet.ts';
import { skipLinkLayer } from './capture-file/link-layer.ts';
import { uint16 } from './capture-file/numbers.ts';

/** How bytes of a hexdump may begin if they are no packet of the tunnel, with the words for it. */
const BEGINNINGS: readonly (readonly [number, string])[] = [
  [LinkType.raw, 'IP'],
  [LinkType.ethernet, 'Ethernet'],
  [LinkType.cookedV2, 'Linux cooked (SLL2)'],
  [LinkType.cooked, 'Linux cooked (SLL)'],
  [LinkType.loop, 'loopback'],
];

const UDP = 17;
const IPV6_BYTES = 40;
/** Ethernet fills frames up to so many bytes, and may end with a checksum. */
const MAX_FILLING_BYTES = 46 + 4;
/** What IPv6 carries without extension headers that is worth to be told apart. */
const USUAL_IN_IPV6: readonly number[] = [6, UDP, 58];

/** What bytes without any remark begin with. */
export type Located =
  | { readonly linkType: number; readonly name: string }
  /** Nothing that could be checked. */
  | { readonly linkType: undefined; readonly hint: string | undefined }
  /** More than one reading fits. */
  | { readonly linkType: undefined; readonly names: readonly string[] };

/**
 * Finds out whether bytes begin with a header of IP or of a link. It takes only what can be checked: IPv4's checksum, and that the
 * lengths of IP and UDP agree with each other and with the bytes.
 */
export function locateFrame(bytes: Uint8Array): Located {
  const fitting = BEGINNINGS.filter(([linkType]) => fits(linkType, bytes));
  if (fitting.length > 1) return { linkType: undefined, names: fitting.map(([, name]) => name) };
  if (fitting.length === 1) return { linkType: fitting[0][0], name: fitting[0][1] };
  return { linkType: undefined, hint: hintOfIp(bytes) };
}

function fits(linkType: number, bytes: Uint8Array): boolean {
  const link = skipLinkLayer(linkType, bytes);
  if (!('ipAt' in link)) return false;
  const ip = bytes.subarray(link.ipAt);
  const packet = readIp(ip, 0);
  if ('why' in packet) return false;
  const filling = ip.length - (ip[0] >> 4 === 4 ? uint16(ip, 2) : IPV6_BYTES + uint16(ip, 4));
  if (filling > (linkType === LinkType.raw ? 0 : MAX_FILLING_BYTES)) return false;
  const isSound = ip[0] >> 4 === 4 ? isSoundIpv4(ip, filling) : isSoundIpv6(ip, filling);
  const isStart = packet.fragment === undefined || packet.fragment.offset === 0;
  if (!isSound || packet.protocol !== UDP || !isStart) return isSound;
  const udpBytes = packet.content.length + packet.missingBytes;
  const claimed = packet.content.length < 6 ? 0 : uint16(packet.content, 4);
  return packet.fragment === undefined ? claimed === udpBytes : claimed >= udpBytes;
}

/** A checksum of 0 is one that the network card would have filled in: then all bytes must be there. */
function isSoundIpv4(ip: Uint8Array, filling: number): boolean {
  const headerBytes = (ip[0] & 0x0f) * 4;
  if (uint16(ip, 2) === 0) return false;
  if (uint16(ip, 10) === 0 && filling >= 0 && ip[9] === UDP) return true;
  return checksumOf(ip.subarray(0, headerBytes)) === 0;
}

/** IPv6 has no checksum: it must carry something usual, and if that is not UDP, all of it. */
function isSoundIpv6(ip: Uint8Array, filling: number): boolean {
  const packet = readIp(ip, 0);
  return !('why' in packet) && USUAL_IN_IPV6.includes(packet.protocol) && (packet.protocol === UDP || filling >= 0);
}

/** RFC 1071: 0 over a header with its own checksum in it. */
function checksumOf(header: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += uint16(header, at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** Where bytes seem to be IP with UDP but are not taken for it. */
function hintOfIp(bytes: Uint8Array): string | undefined {
  const at = bytes.length > 14 && uint16(bytes, 12) === 0x0800 ? 14 : 0;
  const ip = bytes.subarray(at);
  if (ip.length < 20 || ip[0] >> 4 !== 4 || (ip[0] & 0x0f) < 5 || ip[9] !== UDP) return undefined;
  return 'if it begins with an IPv4 header, its checksum or its lengths are wrong: give the capture itself, as "tcpdump -w -" writes it';
}
