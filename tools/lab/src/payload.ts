/**
 * Payloads of a load's packets: `[window u32][packet u32][content]`. All have one length and any content when it is the
 * cost that counts. Else length and content depend on the packet, so that an answer shows whether it is whole.
 */
export const PAYLOAD_BYTES = 120;
const NUMBERS_BYTES = 8;
const SHORTEST_BYTES = 40;
const LENGTHS = 160;
/** The longest payload where lengths differ. */
export const LONGEST_PAYLOAD_BYTES = SHORTEST_BYTES + LENGTHS - 1;

/** The length of a packet's payload where lengths differ. */
export function carefulPayloadBytes(packet: number): number {
  return SHORTEST_BYTES + ((packet * 13) % LENGTHS);
}

/** Writes a payload's numbers; what is behind them may be anything. */
export function writeNumbers(bytes: Uint8Array, offset: number, window: number, packet: number): void {
  writeUint32(bytes, offset, window);
  writeUint32(bytes, offset + 4, packet);
}

/** Writes what belongs behind the numbers. */
export function writeContent(bytes: Uint8Array, offset: number, packet: number): void {
  const length = carefulPayloadBytes(packet);
  for (let at = NUMBERS_BYTES; at < length; at++) bytes[offset + at] = packet + at * 11;
}

/** Whether a payload is as long as the packet's, with its content. */
export function isWhole(bytes: Uint8Array, offset: number, lengthBytes: number, packet: number): boolean {
  if (lengthBytes !== carefulPayloadBytes(packet)) return false;
  for (let at = NUMBERS_BYTES; at < lengthBytes; at++) if (bytes[offset + at] !== ((packet + at * 11) & 0xff)) return false;
  return true;
}

/** Reads a payload's numbers, all of which are below 2^31: the window's at 0, the packet's within it at 4. */
export function readNumber(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 24;
  bytes[at + 1] = value >> 16;
  bytes[at + 2] = value >> 8;
  bytes[at + 3] = value;
}
