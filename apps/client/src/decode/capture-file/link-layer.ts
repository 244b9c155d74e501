import { LinkType } from './captured-frame.ts';
import { uint16 } from './numbers.ts';

const EtherType = {
  ipv4: 0x0800,
  arp: 0x0806,
  vlan: 0x8100,
  ipv6: 0x86dd,
  pppoe: 0x8864,
  serviceVlan: 0x88a8,
  oldServiceVlan: 0x9100,
} as const;
const TAG_BYTES = 4;
/** Tags that a frame may have one behind another. */
const MAX_TAGS = 8;
const PPPOE_BYTES = 8;
const PPP_IPV4 = 0x0021;
const PPP_IPV6 = 0x0057;

/** The numbers that systems give to IPv6 in front of frames of loopback: Linux, FreeBSD, NetBSD, macOS. */
const IPV6_FAMILIES: readonly number[] = [10, 24, 28, 30];
const IPV4_FAMILY = 2;

/** Where IP begins in a frame, or why it has none. */
export type LinkResult = { readonly ipAt: number } | { readonly why: string };

/** Finds IP in a frame. Total: any bytes give an answer. */
export function skipLinkLayer(linkType: number, bytes: Uint8Array): LinkResult {
  switch (linkType) {
    case LinkType.ethernet:
      return behindEtherType(bytes, 12, 14);
    case LinkType.cooked:
      return behindEtherType(bytes, 14, 16);
    case LinkType.cookedV2:
      return behindEtherType(bytes, 0, 20);
    case LinkType.null:
    case LinkType.loop:
      return behindFamily(bytes);
    case LinkType.raw:
    case LinkType.rawBsd:
    case LinkType.rawOpenBsd:
    case LinkType.ipv4:
    case LinkType.ipv6:
      return { ipAt: 0 };
    default:
      return { why: `its link type is ${linkType}; known are Ethernet, Linux cooked, loopback and raw IP` };
  }
}

/** @param typeAt where the EtherType stands. @param next where its content begins. */
function behindEtherType(bytes: Uint8Array, typeAt: number, next: number): LinkResult {
  for (let tags = 0; tags <= MAX_TAGS && next <= bytes.length; tags++) {
    const type = uint16(bytes, typeAt);
    if (type === EtherType.ipv4 || type === EtherType.ipv6) return { ipAt: next };
    if (type === EtherType.arp) return { why: 'ARP' };
    if (type === EtherType.pppoe) return behindPppoe(bytes, next);
    const isTag = type === EtherType.vlan || type === EtherType.serviceVlan || type === EtherType.oldServiceVlan;
    if (!isTag) return { why: type < 0x0600 ? 'a frame without EtherType' : `EtherType 0x${type.toString(16).padStart(4, '0')}` };
    typeAt = next + 2;
    next += TAG_BYTES;
  }
  return { why: 'a frame that ends in front of IP' };
}

function behindPppoe(bytes: Uint8Array, at: number): LinkResult {
  if (at + PPPOE_BYTES > bytes.length) return { why: 'a frame that ends in front of IP' };
  const protocol = uint16(bytes, at + PPPOE_BYTES - 2);
  return protocol === PPP_IPV4 || protocol === PPP_IPV6 ? { ipAt: at + PPPOE_BYTES } : { why: 'PPPoE without IP' };
}

/** Loopback says the address family in the byte order of the machine, or big-endian. It is a small number in either. */
function behindFamily(bytes: Uint8Array): LinkResult {
  if (bytes.length < 4) return { why: 'a frame that ends in front of IP' };
  const family = bytes[0] === 0 ? bytes[3] : bytes[0];
  const isIp = family === IPV4_FAMILY || IPV6_FAMILIES.includes(family);
  return isIp && bytes[1] === 0 && bytes[2] === 0 ? { ipAt: 4 } : { why: `address family ${family}` };
}
