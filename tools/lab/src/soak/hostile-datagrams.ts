import type { Random } from '@lightspeed/netem';
import {
  FLAG_HANDSHAKE,
  HEADER_BYTES,
  VERSION_FEC,
  VERSION_PLAIN,
  readDestinationIp,
  readDestinationPort,
  writeControlHeader,
  writeFecExtension,
  writeHeader,
} from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';

/** First bytes of destinations to which no node passes anything on its own: a run must not reach other machines. */
const DENIED_FIRST_BYTES = [0, 10, 127, 224, 239, 240, 255];
const DESTINATION_AT = 12;
/** The payload of the longest datagram that IPv4 knows. */
export const LONGEST_UDP_BYTES = 65_507;
const LONGEST_PAYLOAD_BYTES = 1_600;

/** What an attacker knows of a session. */
export interface AttackerView {
  /** The session's token as far as the attacker knows it, 0 for none. */
  readonly token: number;
  readonly sequence: number;
  readonly server: Endpoint;
  readonly longestDatagramBytes: number;
}

/**
 * Writes one datagram of a kind that chance picks. It is noise, a header with noise in it, a packet cut anywhere, one
 * that is too long for the node. Or it is, with the session's token, FEC packets that contradict each other.
 *
 * @param bytes room for the longest datagram of UDP from `offset` on
 * @returns its length
 */
export function writeHostileDatagram(bytes: Uint8Array, offset: number, random: Random, view: AttackerView): number {
  const kind = random.nextInt(100);
  let length: number;
  if (kind < 30) length = noise(bytes, offset, random.nextInt(LONGEST_PAYLOAD_BYTES), random);
  else if (kind < 50) length = random.nextInt(packet(bytes, offset, random, view) + 1);
  else if (kind < 75) length = packetWithNoise(bytes, offset, random, view);
  else if (kind < 95) length = packet(bytes, offset, random, view);
  else length = oversized(bytes, offset, random, view);
  // Packets that a node may pass on go to the run's own server; all others to where no node lets anything go.
  const { ip, port } = view.server;
  const goesToServer = readDestinationIp(bytes, offset) === (ip | 0) && readDestinationPort(bytes, offset) === port;
  if (!goesToServer) bytes[offset + DESTINATION_AT] = DENIED_FIRST_BYTES[random.nextInt(DENIED_FIRST_BYTES.length)];
  return length;
}

function noise(bytes: Uint8Array, offset: number, length: number, random: Random): number {
  for (let at = 0; at < length; at++) bytes[offset + at] = random.nextU32();
  return length;
}

function packet(bytes: Uint8Array, offset: number, random: Random, view: AttackerView): number {
  const { token, sequence, server } = view;
  const withFec = random.nextInt(3) > 0;
  const flags = random.nextInt(5) > 0 ? 0 : random.nextInt(16);
  const version = withFec ? VERSION_FEC : VERSION_PLAIN;
  // Few different sources: each is a flow of its own at the node.
  const source = 0x0a01_0000 + random.nextInt(4);
  writeHeader(bytes, offset, version, flags, token, sequence & 0xffff, 0, source, 5_000, server.ip, server.port);
  let length = HEADER_BYTES;
  if (withFec) {
    const size = 1 + random.nextInt(6);
    length += writeFecExtension(bytes, offset, 'standard', random.nextInt(80), random.nextInt(size + 1), size);
  }
  return length + noise(bytes, offset + length, random.nextInt(400), random);
}

function packetWithNoise(bytes: Uint8Array, offset: number, random: Random, view: AttackerView): number {
  const length = packet(bytes, offset, random, view);
  const changes = 1 + random.nextInt(6);
  for (let change = 0; change < changes; change++) bytes[offset + random.nextInt(26)] = random.nextU32();
  return length;
}

function oversized(bytes: Uint8Array, offset: number, random: Random, view: AttackerView): number {
  packet(bytes, offset, random, view);
  return view.longestDatagramBytes + 1 + random.nextInt(LONGEST_UDP_BYTES - view.longestDatagramBytes);
}

/** The packet that opens a session. @returns its length */
export function writeHandshake(bytes: Uint8Array, offset: number, nowUs: number): number {
  writeControlHeader(bytes, offset, FLAG_HANDSHAKE, 0, 0, nowUs);
  return HEADER_BYTES;
}
