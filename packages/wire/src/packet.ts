/**
 * The packet path's view of a packet: functions over `(bytes, offset)` that allocate nothing. They check only what they
 * say. Run {@link checkPacket} first: the readers trust that the bytes are there.
 *
 * 32-bit fields are returned as *signed* numbers (the same 32 bits). Those stay small integers in the engine, while an
 * unsigned number above 2^31 would be boxed. `>>> 0` gives the unsigned form. Writers take either form.
 */
import { HEADER_BYTES, MAX_GROUP_SIZE, VERSION_FEC, VERSION_PLAIN } from './constants.ts';
import { FEC_EXTENSION_BYTES_REFERENCE, FEC_EXTENSION_BYTES_STANDARD } from './dialect.ts';
import type { Dialect } from './dialect.ts';
import { DropReason } from './drop-reason.ts';
import type { AddressHandle, ArenaOffset, ByteLength, Microseconds, PathNumber, Port, SequenceNumber, SessionToken } from './roles.ts';

/**
 * Whether `length` bytes at `offset` are a valid packet (docs/protocol.md, Validity). A packet with a tag has to be opened
 * before (`openPacket`): versions 3 and 4 are refused here.
 * @returns 0 if they are, else the reason why not.
 */
export function checkPacket(bytes: Uint8Array, offset: ArenaOffset, length: ByteLength, dialect: Dialect): DropReason | 0 {
  if (length < HEADER_BYTES) return DropReason.tooShort;
  const version = bytes[offset] >> 4;
  if (version === VERSION_PLAIN) return 0;
  if (version !== VERSION_FEC) return DropReason.badVersion;
  return checkFecExtension(bytes, offset + HEADER_BYTES, length - HEADER_BYTES, dialect);
}

/**
 * Whether the bytes at `offset`, `length` of them to the packet's end, start with a valid FEC extension.
 * @returns 0 if they do, else the reason why not.
 */
export function checkFecExtension(bytes: Uint8Array, offset: ArenaOffset, length: ByteLength, dialect: Dialect): DropReason | 0 {
  if (length < (dialect === 'standard' ? FEC_EXTENSION_BYTES_STANDARD : FEC_EXTENSION_BYTES_REFERENCE)) {
    return DropReason.extensionCutShort;
  }
  const index = bytes[offset + 2];
  const size = bytes[offset + 3];
  if (size === 0 || size > MAX_GROUP_SIZE) return DropReason.badGroupSize;
  if (dialect === 'reference') return 0;
  const flags = bytes[offset + 4];
  if (bytes[offset + 5] !== 0) return DropReason.reservedNotZero;
  if (flags > 1) return DropReason.badFecFlags;
  if (flags === 0) return index < size ? 0 : DropReason.badDataIndex;
  return index === size ? 0 : DropReason.badParityIndex;
}

/** 1 or 2 in a valid packet. */
export function readVersion(bytes: Uint8Array, offset: ArenaOffset): number {
  return bytes[offset] >> 4;
}

/** The four flag bits. */
export function readFlags(bytes: Uint8Array, offset: ArenaOffset): number {
  return bytes[offset] & 0x0f;
}

/** The session token, 0 to 255. */
export function readToken(bytes: Uint8Array, offset: ArenaOffset): SessionToken {
  return bytes[offset + 1];
}

/** The sequence number, 0 to 65,535. */
export function readSequence(bytes: Uint8Array, offset: ArenaOffset): SequenceNumber {
  return readUint16(bytes, offset + 2);
}

/** The sender's clock in microseconds, modulo 2^32, as a signed number. */
export function readTimestampUs(bytes: Uint8Array, offset: ArenaOffset): Microseconds {
  return readInt32(bytes, offset + 4);
}

/** The original source's IPv4 address as a signed number. */
export function readSourceIp(bytes: Uint8Array, offset: ArenaOffset): AddressHandle {
  return readInt32(bytes, offset + 8);
}

/** The original destination's IPv4 address as a signed number. */
export function readDestinationIp(bytes: Uint8Array, offset: ArenaOffset): AddressHandle {
  return readInt32(bytes, offset + 12);
}

/** The original source's port. */
export function readSourcePort(bytes: Uint8Array, offset: ArenaOffset): Port {
  return readUint16(bytes, offset + 16);
}

/** The original destination's port. */
export function readDestinationPort(bytes: Uint8Array, offset: ArenaOffset): Port {
  return readUint16(bytes, offset + 18);
}

/** Version 2: the FEC group's id. */
export function readGroupId(bytes: Uint8Array, offset: ArenaOffset): number {
  return readUint16(bytes, offset + HEADER_BYTES);
}

/** Version 2: the index within the group. */
export function readGroupIndex(bytes: Uint8Array, offset: ArenaOffset): number {
  return bytes[offset + HEADER_BYTES + 2];
}

/** Version 2: how many data packets the group has. */
export function readGroupSize(bytes: Uint8Array, offset: ArenaOffset): number {
  return bytes[offset + HEADER_BYTES + 3];
}

/** Version 2: whether the payload is parity. In both dialects a valid packet is parity exactly if index >= size. */
export function isParity(bytes: Uint8Array, offset: ArenaOffset): boolean {
  return readGroupIndex(bytes, offset) >= readGroupSize(bytes, offset);
}

/** Writes the 20 bytes of a header at `offset` (docs/protocol.md, Header). */
export function writeHeader(
  bytes: Uint8Array,
  offset: ArenaOffset,
  version: number,
  flags: number,
  token: SessionToken,
  sequence: SequenceNumber,
  timestampUs: Microseconds,
  sourceIp: AddressHandle,
  sourcePort: Port,
  destinationIp: AddressHandle,
  destinationPort: Port,
): void {
  bytes[offset] = (version << 4) | flags;
  bytes[offset + 1] = token;
  writeUint16(bytes, offset + 2, sequence);
  writeInt32(bytes, offset + 4, timestampUs);
  writeInt32(bytes, offset + 8, sourceIp);
  writeInt32(bytes, offset + 12, destinationIp);
  writeUint16(bytes, offset + 16, sourcePort);
  writeUint16(bytes, offset + 18, destinationPort);
}

/** Writes the header of a packet without addresses: a HANDSHAKE, a KEEPALIVE or a FIN. */
export function writeControlHeader(
  bytes: Uint8Array,
  offset: ArenaOffset,
  flags: number,
  token: SessionToken,
  sequence: SequenceNumber,
  timestampUs: Microseconds,
): void {
  writeHeader(bytes, offset, VERSION_PLAIN, flags, token, sequence, timestampUs, 0, 0, 0, 0);
}

/** HANDSHAKE with a proof: which of the session's paths it asks for, in place of the source port. */
export function readHandshakePath(bytes: Uint8Array, offset: ArenaOffset): PathNumber {
  return readUint16(bytes, offset + 16);
}

/** HANDSHAKE with a proof: the multipath mode by its number, in place of the destination port. */
export function readHandshakeMode(bytes: Uint8Array, offset: ArenaOffset): number {
  return readUint16(bytes, offset + 18);
}

/** Writes what {@link readHandshakePath} and {@link readHandshakeMode} read, over a finished header. */
export function writeHandshakePath(bytes: Uint8Array, offset: ArenaOffset, path: PathNumber, mode: number): void {
  writeUint16(bytes, offset + 16, path);
  writeUint16(bytes, offset + 18, mode);
}

/**
 * Writes a version 2 packet's FEC extension behind the header that starts at `offset`; `index === size` makes it parity.
 * @returns the bytes written: 6 in `standard`, 4 in `reference`.
 */
export function writeFecExtension(
  bytes: Uint8Array,
  offset: ArenaOffset,
  dialect: Dialect,
  groupId: number,
  index: number,
  size: number,
): number {
  const at = offset + HEADER_BYTES;
  writeUint16(bytes, at, groupId);
  bytes[at + 2] = index;
  bytes[at + 3] = size;
  if (dialect === 'reference') return FEC_EXTENSION_BYTES_REFERENCE;
  bytes[at + 4] = index === size ? 1 : 0;
  bytes[at + 5] = 0;
  return FEC_EXTENSION_BYTES_STANDARD;
}

/** Replaces the flags and leaves all else as it is. */
export function writeFlags(bytes: Uint8Array, offset: ArenaOffset, flags: number): void {
  bytes[offset] = (bytes[offset] & 0xf0) | flags;
}

/** Replaces the token and leaves all else as it is. */
export function writeToken(bytes: Uint8Array, offset: ArenaOffset, token: SessionToken): void {
  bytes[offset + 1] = token;
}

function readUint16(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

function writeUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}

function writeInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 24;
  bytes[at + 1] = value >> 16;
  bytes[at + 2] = value >> 8;
  bytes[at + 3] = value;
}
