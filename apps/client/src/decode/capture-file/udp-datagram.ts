import { formatSocketAddress } from '@lightspeed/wire';
import type { FragmentStore } from './fragment-store.ts';
import { readIp } from './ip-packet.ts';
import type { IpPacket } from './ip-packet.ts';
import { skipLinkLayer } from './link-layer.ts';
import { uint16 } from './numbers.ts';

const UDP = 17;
const UDP_HEADER_BYTES = 8;
const PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'ICMP',
  2: 'IGMP',
  6: 'TCP',
  47: 'GRE',
  50: 'ESP',
  58: 'ICMPv6',
  89: 'OSPF',
  132: 'SCTP',
};

/** A UDP datagram that was captured. */
export interface CapturedDatagram {
  /** Address and port, as text. */
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** What was kept of the payload. */
  readonly payload: Uint8Array;
  /** Bytes of the payload that were not kept. */
  readonly missingBytes: number;
}

/** A frame's datagram; or why it has none, with what is known of its addresses. */
export type FrameContent =
  | { readonly datagram: CapturedDatagram }
  | { readonly datagram: undefined; readonly why: string; readonly source?: string; readonly destination?: string };

/**
 * Finds the UDP datagram in a frame: link layer, IPv4 or IPv6, UDP. Total: any bytes give an answer.
 * @param fragments keeps parts of packets for frames to come.
 */
export function datagramIn(linkType: number, bytes: Uint8Array, fragments: FragmentStore): FrameContent {
  const link = skipLinkLayer(linkType, bytes);
  if ('why' in link) return { datagram: undefined, why: link.why };
  const packet = readIp(bytes, link.ipAt);
  if ('why' in packet) return { datagram: undefined, why: packet.why };
  const { source, destination, protocol } = packet;
  if (protocol !== UDP) return { datagram: undefined, why: PROTOCOLS[protocol] ?? `IP protocol ${protocol}`, source, destination };
  const whole = fragments.add(packet);
  if (whole === undefined) return { datagram: undefined, why: 'a part of a longer datagram', source, destination };
  return readUdp(whole);
}

function readUdp({ source, destination, content, missingBytes }: IpPacket): FrameContent {
  if (content.length < UDP_HEADER_BYTES) return { datagram: undefined, why: 'UDP whose header is cut short', source, destination };
  const available = content.length + missingBytes;
  // As with IP, segmentation offload may leave 0 there.
  const length = uint16(content, 4) || available;
  if (length < UDP_HEADER_BYTES || length > available) {
    return { datagram: undefined, why: `UDP that says ${length} bytes, of which IP has ${available}`, source, destination };
  }
  const payload = content.subarray(UDP_HEADER_BYTES, length);
  const sourcePort = uint16(content, 0);
  const destinationPort = uint16(content, 2);
  return {
    datagram: {
      source: formatSocketAddress({ host: source, port: sourcePort }),
      destination: formatSocketAddress({ host: destination, port: destinationPort }),
      sourcePort,
      destinationPort,
      payload,
      missingBytes: length - UDP_HEADER_BYTES - payload.length,
    },
  };
}
