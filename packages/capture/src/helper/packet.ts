import type { FlowAddress } from '../protocol.ts';

const IPV4_BYTES = 20;
const UDP_BYTES = 8;
const TTL = 64;
const IPPROTO_UDP = 17;

/** An IPv4 packet with a UDP datagram (RFC 791, RFC 768). The kernel fills in length, number and checksum of the IP header. */
export function writePacket(source: FlowAddress, server: FlowAddress, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(IPV4_BYTES + UDP_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  const udpLength = UDP_BYTES + payload.length;
  bytes[0] = 0x45;
  bytes[8] = TTL;
  bytes[9] = IPPROTO_UDP;
  bytes.set(addressBytes(source.ip), 12);
  bytes.set(addressBytes(server.ip), 16);
  view.setUint16(20, source.port);
  view.setUint16(22, server.port);
  view.setUint16(24, udpLength);
  bytes.set(payload, IPV4_BYTES + UDP_BYTES);
  view.setUint16(26, udpChecksum(bytes, udpLength));
  return bytes;
}

/** Over the addresses, the protocol, the length and the datagram; 0 is written as 0xffff. */
function udpChecksum(packet: Uint8Array, udpLength: number): number {
  let sum = IPPROTO_UDP + udpLength;
  for (let at = 12; at < packet.length; at += 2) sum += (packet[at] << 8) | (packet[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff || 0xffff;
}

/** The four bytes of an address. */
export function addressBytes(ip: string): number[] {
  return ip.split('.').map(Number);
}
