import type { AddressBook, AddressHandle, Port, RoleArray } from '@lightspeed/wire';
import { isIpv6, NO_ADDRESS } from '@lightspeed/wire';
import { ipOfIn6, ipOfSockaddrIn6, portOf, swap32, writeIn6 } from './addresses.ts';
import { IP_ORIGDSTADDR, IP_PKTINFO, IPV6_ORIGDSTADDR, IPV6_PKTINFO, SOL_IP, SOL_IPV6, SOL_UDP, UDP_SEGMENT } from './constants.ts';

/*
 * Control messages of 64-bit Linux, as 32-bit words; each takes a multiple of 8 bytes:
 *
 *   struct cmsghdr, 16 bytes   0-1 length with this header   2 level   3 type
 *
 *   IP_PKTINFO, in_pktinfo     4 interface   5 local address BE, the source of a datagram that is sent   6 destination BE
 *   IPV6_PKTINFO, in6_pktinfo  4-7 address BE, an IPv4 address in IPv6 form   8 interface
 *   ORIGDSTADDR                4- a socket address: where an intercepted datagram was sent to
 *   UDP_SEGMENT                4 size of the segments as u16
 */

const LEVEL = 2;
const TYPE = 3;
const DATA = 4;
const CMSG_HEADER_BYTES = 16;

/** Room for what one received datagram brings: an address that it came to, and one that it was sent to. */
export const RECEIVED_CONTROL_BYTES = 128;

/** What an IP_PKTINFO takes, padding included. */
export const PKTINFO_BYTES = 32;
/** What an IPV6_PKTINFO takes, padding included. */
export const IPV6_PKTINFO_BYTES = 40;
const PKTINFO_USED_BYTES = 28;
const IPV6_PKTINFO_USED_BYTES = 36;

/** What a UDP_SEGMENT takes. */
export const SEGMENT_BYTES = 24;
const SEGMENT_USED_BYTES = 18;
/** The word of a UDP_SEGMENT that has the segments' size in it. */
export const SEGMENT_SIZE = DATA;

/**
 * Reads control messages between two words. It is the local address and, if the datagram was intercepted, the address and
 * port that it was sent to in its place. 0 is written for what they do not say.
 */
export function readDestination(
  words: Int32Array,
  start: number,
  end: number,
  book: AddressBook,
  locals: RoleArray<AddressHandle>,
  localPorts: RoleArray<Port>,
  entry: number,
): void {
  locals[entry] = 0;
  localPorts[entry] = 0;
  for (let at = start; at + DATA <= end && words[at] >= CMSG_HEADER_BYTES; at += ((words[at] + 7) >>> 3) << 1) {
    const level = words[at + LEVEL];
    const type = words[at + TYPE];
    if (level === SOL_IP && type === IP_PKTINFO) {
      if (localPorts[entry] === 0) locals[entry] = ipv4Handle(words[at + DATA + 1]);
    } else if (level === SOL_IPV6 && type === IPV6_PKTINFO) {
      if (localPorts[entry] === 0) locals[entry] = ipOfIn6(words, at + DATA, book, words[at + DATA + 4]);
    } else if (level === SOL_IP && type === IP_ORIGDSTADDR) {
      locals[entry] = ipv4Handle(words[at + DATA + 1]);
      localPorts[entry] = portOf(words[at + DATA]);
    } else if (level === SOL_IPV6 && type === IPV6_ORIGDSTADDR) {
      locals[entry] = ipOfSockaddrIn6(words, at + DATA, book);
      localPorts[entry] = portOf(words[at + DATA]);
    }
  }
}

function ipv4Handle(networkOrder: number): number {
  const ip = swap32(networkOrder);
  return isIpv6(ip) ? NO_ADDRESS : ip;
}

/** Writes the parts of an IP_PKTINFO that are the same for all datagrams. */
export function preparePktinfo(words: Int32Array, at: number): void {
  words[at] = PKTINFO_USED_BYTES;
  words[at + LEVEL] = SOL_IP;
  words[at + TYPE] = IP_PKTINFO;
}

/** Writes the source of a datagram into a prepared IP_PKTINFO. */
export function writePktinfo(words: Int32Array, at: number, local: AddressHandle): void {
  words[at + DATA + 1] = swap32(local);
}

/** Writes the parts of an IPV6_PKTINFO that are the same for all datagrams. */
export function prepareIpv6Pktinfo(words: Int32Array, at: number): void {
  words[at] = IPV6_PKTINFO_USED_BYTES;
  words[at + LEVEL] = SOL_IPV6;
  words[at + TYPE] = IPV6_PKTINFO;
}

/** Writes the source of a datagram into a prepared IPV6_PKTINFO. */
export function writeIpv6Pktinfo(words: Int32Array, at: number, book: AddressBook, local: AddressHandle): void {
  writeIn6(words, at + DATA, book, local);
  words[at + DATA + 4] = book.scope(local);
}

/** Writes the parts of a UDP_SEGMENT that are the same for all datagrams. */
export function prepareSegment(words: Int32Array, at: number): void {
  words[at] = SEGMENT_USED_BYTES;
  words[at + LEVEL] = SOL_UDP;
  words[at + TYPE] = UDP_SEGMENT;
}
