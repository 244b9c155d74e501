import {
  HEADER_BYTES,
  TunnelHeader,
  checkPacket,
  readDestinationIp,
  readDestinationPort,
  readFlags,
  readSequence,
  readSourceIp,
  readSourcePort,
  readTimestampUs,
  readToken,
  writeHeader,
} from '@lightspeed/wire';
import type { Piece } from './time-piece.ts';

const SOURCE = { ip: 0xc0a8_0164, port: 12_345 };
const DESTINATION = { ip: 0x681a_0132, port: 7_777 };
/** Where packets lie: as many as a batch has, with a stride that is none of the cache's. */
const PACKETS = 64;
const STRIDE_BYTES = 9_088;

/** Headers in place, every field of them, and as objects. */
export function headerPieces(): Piece[] {
  const header = TunnelHeader.data(42, 1_000_000, SOURCE, DESTINATION);
  const one = header.encode();
  const bytes = new Uint8Array(PACKETS * STRIDE_BYTES);
  for (let packet = 0; packet < PACKETS; packet++) bytes.set(one, packet * STRIDE_BYTES);
  return [
    { name: 'header: decode in place', operations: PACKETS, run: () => decodeAll(bytes) },
    { name: 'header: encode in place', operations: PACKETS, run: () => encodeAll(bytes) },
    { name: 'header: decode as an object', operations: 1, run: () => TunnelHeader.decode(one) },
    { name: 'header: encode an object', operations: 1, run: () => header.encode() },
  ];
}

/** Checks each packet and reads all nine fields. */
function decodeAll(bytes: Uint8Array): number {
  let sum = 0;
  for (let packet = 0; packet < PACKETS; packet++) {
    const at = packet * STRIDE_BYTES;
    if (checkPacket(bytes, at, HEADER_BYTES, 'standard') !== 0) throw new Error('a valid packet was refused');
    sum =
      (sum +
        readFlags(bytes, at) +
        readToken(bytes, at) +
        readSequence(bytes, at) +
        readTimestampUs(bytes, at) +
        readSourceIp(bytes, at) +
        readSourcePort(bytes, at) +
        readDestinationIp(bytes, at) +
        readDestinationPort(bytes, at)) |
      0;
  }
  return sum;
}

function encodeAll(bytes: Uint8Array): number {
  for (let packet = 0; packet < PACKETS; packet++) {
    writeHeader(bytes, packet * STRIDE_BYTES, 1, 0, 7, packet, 1_000_000 + packet, SOURCE.ip, SOURCE.port, DESTINATION.ip, packet);
  }
  return bytes[1];
}
