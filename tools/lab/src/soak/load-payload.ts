/**
 * Payloads of load clients: `[client u32][packet u32][content]`. Length and content depend on both numbers, so that an
 * answer shows whose it is and whether it is whole.
 */
const NUMBERS_BYTES = 8;
const SHORTEST_BYTES = 40;
const LENGTHS = 160;

export const LONGEST_LOAD_PAYLOAD_BYTES = SHORTEST_BYTES + LENGTHS - 1;

export function loadPayloadBytes(client: number, packet: number): number {
  return SHORTEST_BYTES + ((client * 7 + packet * 13) % LENGTHS);
}

/** @returns the bytes written */
export function writeLoadPayload(bytes: Uint8Array, offset: number, client: number, packet: number): number {
  const length = loadPayloadBytes(client, packet);
  writeUint32(bytes, offset, client);
  writeUint32(bytes, offset + 4, packet);
  const salt = client * 31 + packet;
  for (let at = NUMBERS_BYTES; at < length; at++) bytes[offset + at] = salt + at * 11;
  return length;
}

export function readLoadClient(bytes: Uint8Array, offset: number): number {
  return readUint32(bytes, offset);
}

export function readLoadPacket(bytes: Uint8Array, offset: number): number {
  return readUint32(bytes, offset + 4);
}

/** Whether `length` bytes at `offset` are just what a client wrote. */
export function isLoadPayload(bytes: Uint8Array, offset: number, length: number): boolean {
  if (length < NUMBERS_BYTES) return false;
  const client = readLoadClient(bytes, offset);
  const packet = readLoadPacket(bytes, offset);
  if (length !== loadPayloadBytes(client, packet)) return false;
  const salt = client * 31 + packet;
  for (let at = NUMBERS_BYTES; at < length; at++) {
    if (bytes[offset + at] !== ((salt + at * 11) & 0xff)) return false;
  }
  return true;
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 24;
  bytes[at + 1] = value >> 16;
  bytes[at + 2] = value >> 8;
  bytes[at + 3] = value;
}

/** Numbers of clients and packets are below 2^31. */
function readUint32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}
