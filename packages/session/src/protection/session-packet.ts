import {
  BlockType,
  DropReason,
  VERSION_FEC,
  checkBlocks,
  checkPacket,
  firstBlock,
  hasBlocks,
  isAlone,
  isParity,
  nextBlock,
  readBlockCount,
  readBlockType,
  readVersion,
} from '@lightspeed/wire';
import type { ArenaOffset, ByteLength, Dialect } from '@lightspeed/wire';

/** What a packet without flags is to its session. */
export const PacketKind = {
  /** Version 1: a payload. */
  plain: 0,
  /** A payload in a group. */
  grouped: 1,
  /** The parity of a group. */
  parity: 2,
  /** A payload, and blocks behind it. */
  carrier: 3,
  /** Blocks only. */
  alone: 4,
} as const;

/** A number from {@link PacketKind}. */
export type PacketKind = (typeof PacketKind)[keyof typeof PacketKind];

/**
 * Whether a packet is valid in its session. Packets with blocks are so only where both ends have agreed on protection. For others
 * they are `badFecFlags`, as for peers that do not know them.
 * @returns 0, or why it is not.
 */
export function checkSessionPacket(
  bytes: Uint8Array,
  offset: ArenaOffset,
  length: ByteLength,
  dialect: Dialect,
  isAgreed: boolean,
): DropReason | 0 {
  const invalid = checkPacket(bytes, offset, length, dialect);
  return invalid === DropReason.badFecFlags && isAgreed && hasBlocks(bytes, offset, length) ? checkBlocks(bytes, offset, length) : invalid;
}

/** The kind of a valid packet without flags. */
export function kindOf(bytes: Uint8Array, offset: ArenaOffset, length: ByteLength, isAgreed: boolean): PacketKind {
  if (readVersion(bytes, offset) !== VERSION_FEC) return PacketKind.plain;
  if (isAgreed && hasBlocks(bytes, offset, length)) return isAlone(bytes, offset) ? PacketKind.alone : PacketKind.carrier;
  return isParity(bytes, offset) ? PacketKind.parity : PacketKind.grouped;
}

/** Whether such a packet has no payload of its own. */
export function isRedundant(kind: PacketKind): boolean {
  return kind === PacketKind.parity || kind === PacketKind.alone;
}

/** Whether a packet with blocks brings payloads of others. If it has blocks alone and does not, its addresses say nothing. */
export function hasPayloadBlocks(bytes: Uint8Array, offset: ArenaOffset): boolean {
  let block = firstBlock(bytes, offset);
  for (let left = readBlockCount(bytes, offset); left > 0; left--) {
    const type = readBlockType(bytes, block);
    if (type === BlockType.repeat || type === BlockType.xor) return true;
    block = nextBlock(bytes, block);
  }
  return false;
}
