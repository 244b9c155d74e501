import { isIpv6 } from '@lightspeed/wire';
import type { AddressHandle, ArenaOffset, ByteLength, Port } from '@lightspeed/wire';

/*
 * Datagrams between a SOCKS5 client and its relay socket (RFC 1928, section 7). Nothing here allocates.
 *
 *   | reserved, 2 bytes | fragment | kind | address: 4 bytes, or a length and a name, or 16 bytes | port, 2 bytes | payload
 */

const KIND_IPV4 = 1;
const KIND_NAME = 3;
const KIND_IPV6 = 4;
/** Reserved, fragment, kind. */
const HEAD_BYTES = 4;
const PORT_BYTES = 2;

/** Bytes of the header in front of an answer. */
export const SOCKS_HEADER_BYTES = HEAD_BYTES + 4 + PORT_BYTES;

/** What {@link SocksDatagram.read} finds. */
export const SocksDatagramKind = {
  malformed: 0,
  ipv4: 1,
  name: 2,
  ipv6: 3,
  fragment: 4,
} as const;

/** The header of a datagram; one object for all of them. */
export class SocksDatagram {
  /** Where the game server's name lies, and its bytes; of kind `name`. */
  nameOffset = 0;
  nameLength = 0;
  /** The game server's IPv4 address, int32 bit pattern; of kind `ipv4`. */
  ip = 0;
  port = 0;
  payloadOffset = 0;
  payloadLength = 0;

  /** Reads a datagram's header. @returns a {@link SocksDatagramKind}; only `ipv4` and `name` set the fields. */
  read(bytes: Uint8Array, offset: ArenaOffset, length: ByteLength): number {
    if (length < HEAD_BYTES + 1 || bytes[offset] !== 0 || bytes[offset + 1] !== 0) return SocksDatagramKind.malformed;
    const kind = bytes[offset + 3];
    const at = offset + HEAD_BYTES;
    const addressBytes = kind === KIND_IPV4 ? 4 : kind === KIND_NAME ? 1 + bytes[at] : kind === KIND_IPV6 ? 16 : 0;
    const headerBytes = HEAD_BYTES + addressBytes + PORT_BYTES;
    if (addressBytes === 0 || length < headerBytes) return SocksDatagramKind.malformed;
    if (bytes[offset + 2] !== 0) return SocksDatagramKind.fragment;
    if (kind === KIND_IPV6) return SocksDatagramKind.ipv6;
    this.port = (bytes[at + addressBytes] << 8) | bytes[at + addressBytes + 1];
    if (this.port === 0) return SocksDatagramKind.malformed;
    this.payloadOffset = offset + headerBytes;
    this.payloadLength = length - headerBytes;
    if (kind === KIND_NAME) {
      this.nameOffset = at + 1;
      this.nameLength = addressBytes - 1;
      return this.nameLength === 0 ? SocksDatagramKind.malformed : SocksDatagramKind.name;
    }
    this.ip = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    return canBeServer(this.ip) ? SocksDatagramKind.ipv4 : SocksDatagramKind.malformed;
  }
}

/** Whether a datagram can be sent to an IPv4 address at all: 0.0.0.0 and 240.0.0.0/4 are nobody's. */
export function canBeServer(ip: AddressHandle): boolean {
  return ip !== 0 && !isIpv6(ip);
}

/** Writes the header of an answer, {@link SOCKS_HEADER_BYTES} long, from the game server that is named by its IPv4 address. */
export function writeSocksHeader(bytes: Uint8Array, offset: ArenaOffset, ip: AddressHandle, port: Port): void {
  bytes[offset] = 0;
  bytes[offset + 1] = 0;
  bytes[offset + 2] = 0;
  bytes[offset + 3] = KIND_IPV4;
  bytes[offset + 4] = ip >>> 24;
  bytes[offset + 5] = ip >>> 16;
  bytes[offset + 6] = ip >>> 8;
  bytes[offset + 7] = ip;
  bytes[offset + 8] = port >>> 8;
  bytes[offset + 9] = port;
}
