/**
 * Payloads of numbered datagrams, of games and of loads: `[stream u32][number u32][content]`, big-endian, both below 2^31.
 * Where it is the cost that counts, all have one length and any content. Else length and content depend on the numbers,
 * so that each shows whether it is whole.
 */
export const PAYLOAD_BYTES = 120;
const NUMBERS_BYTES = 8;
const SHORTEST_BYTES = 40;
const LENGTHS = 160;
/** The longest payload where lengths differ. */
export const LONGEST_PAYLOAD_BYTES = SHORTEST_BYTES + LENGTHS - 1;

/** The length of a payload where lengths differ. */
export function lengthOf(number: number): number {
  return SHORTEST_BYTES + ((number * 13) % LENGTHS);
}

/** Writes a payload's numbers; what is behind them may be anything. */
export function writeNumbers(bytes: Uint8Array, offset: number, stream: number, number: number): void {
  writeUint32(bytes, offset, stream);
  writeUint32(bytes, offset + 4, number);
}

/** Writes what belongs behind the numbers, for a length that depends on them. */
export function writeContent(bytes: Uint8Array, offset: number): void {
  const salt = saltOf(bytes, offset);
  const lengthBytes = lengthOf(readNumber(bytes, offset + 4));
  for (let at = NUMBERS_BYTES; at < lengthBytes; at++) bytes[offset + at] = salt + at * 11;
}

/** Whether a payload has the length and the content that belong to its numbers: nobody has changed a byte of it. */
export function isWhole(bytes: Uint8Array, offset: number, lengthBytes: number): boolean {
  if (lengthBytes < NUMBERS_BYTES || lengthBytes !== lengthOf(readNumber(bytes, offset + 4))) return false;
  const salt = saltOf(bytes, offset);
  for (let at = NUMBERS_BYTES; at < lengthBytes; at++) if (bytes[offset + at] !== ((salt + at * 11) & 0xff)) return false;
  return true;
}

/** Reads a payload's numbers: the stream's at 0, the datagram's within it at 4. */
export function readNumber(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

/** Any byte of the numbers that changes changes it. */
function saltOf(bytes: Uint8Array, offset: number): number {
  let salt = 0;
  for (let at = 0; at < NUMBERS_BYTES; at++) salt = (salt * 31 + bytes[offset + at]) & 0xff;
  return salt;
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 24;
  bytes[at + 1] = value >> 16;
  bytes[at + 2] = value >> 8;
  bytes[at + 3] = value;
}
