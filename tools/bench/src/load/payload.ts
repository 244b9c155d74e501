/** Of a game's packet as the macro benchmark has it: `[window u32][packet u32][filling]`. */
export const PAYLOAD_BYTES = 120;

/** Writes a payload's numbers; what is behind them may be anything. */
export function writePayload(bytes: Uint8Array, offset: number, window: number, packet: number): void {
  writeUint32(bytes, offset, window);
  writeUint32(bytes, offset + 4, packet);
}

export function readWindow(bytes: Uint8Array, offset: number): number {
  return readUint32(bytes, offset);
}

export function readPacket(bytes: Uint8Array, offset: number): number {
  return readUint32(bytes, offset + 4);
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 24;
  bytes[at + 1] = value >> 16;
  bytes[at + 2] = value >> 8;
  bytes[at + 3] = value;
}

/** All numbers are below 2^31. */
function readUint32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}
