/**
 * Packets that carry blocks (docs/protocol.md, Blocks): version 2 packets of dialect `standard`. Behind their own payload come
 * repeats of former payloads, or what keeps protection going. Only peers that have agreed on protection
 * send them. For others they are `bad_fec_flags`. Functions over `(bytes, offset)` that allocate nothing.
 *
 * ```text
 *  byte 20        22    23      24     25
 * +------------+-----+--------+-------+-----+-------------+---------+---------+
 * | own length |  0  | blocks | flags |  0  | own payload | block 1 | block 2 | ...
 * +------------+-----+--------+-------+-----+-------------+---------+---------+
 *      u16              1..8    2, 3
 *
 * block:  | type u8 | distance u8 | length u16 | length bytes |
 * ```
 *
 * All lengths are in bytes and big-endian. Run {@link checkBlocks} first: the readers trust that the bytes are there.
 */
import { HEADER_BYTES, VERSION_FEC } from './constants.ts';
import { FEC_EXTENSION_BYTES_STANDARD } from './dialect.ts';
import { DropReason } from './drop-reason.ts';
import type { ArenaOffset, ByteLength, SequenceNumber } from './roles.ts';

/** Flags of a packet with a payload of its own, and blocks behind it. */
export const BLOCKS_CARRY = 0x02;
/** Flags of a packet that has blocks only, and no payload of its own. */
export const BLOCKS_ALONE = 0x03;
/** Most blocks in one packet. */
export const MAX_BLOCKS = 8;
/** Bytes of a block's type, distance and length. */
export const BLOCK_HEAD_BYTES = 4;
/** Farthest payload that a block can name: that of the packet's own sequence number minus 255. */
export const MAX_BLOCK_DISTANCE = 255;

/** What a block is. */
export const BlockType = {
  /** The payload of the packet `distance` numbers before this one, which had the same addresses. */
  repeat: 1,
  /** The XOR of several payloads: that of the packet `distance` numbers before, and those that the mask adds. */
  xor: 2,
  /** What the sender of the packet has received. */
  report: 3,
  /** Numbers that the sender of the packet misses. */
  request: 4,
} as const;

/** A number from {@link BlockType}. */
export type BlockType = (typeof BlockType)[keyof typeof BlockType];

/** Bytes of a report. */
export const REPORT_BYTES = 8;
/** Bytes of a request. */
export const REQUEST_BYTES = 4;
/** Bytes of a XOR block beside its content: the mask in front, the XORed lengths behind. */
export const XOR_EXTRA_BYTES = 4;

/** Own payloads and blocks begin behind so many bytes. */
export const BLOCKS_HEADER_BYTES = HEADER_BYTES + FEC_EXTENSION_BYTES_STANDARD;
const OWN_LENGTH = HEADER_BYTES;
const ZERO = HEADER_BYTES + 2;
const COUNT = HEADER_BYTES + 3;
const FLAGS = HEADER_BYTES + 4;
const RESERVED = HEADER_BYTES + 5;

/** Whether `length` bytes at `offset` look like a packet with blocks: those that `checkPacket` refuses as `badFecFlags`. */
export function hasBlocks(bytes: Uint8Array, offset: ArenaOffset, length: ByteLength): boolean {
  if (length < BLOCKS_HEADER_BYTES || bytes[offset] >> 4 !== VERSION_FEC) return false;
  const flags = bytes[offset + FLAGS];
  return flags === BLOCKS_CARRY || flags === BLOCKS_ALONE;
}

/**
 * Whether a packet that {@link hasBlocks} is valid as a whole (docs/protocol.md, Validity).
 * @param length - of the whole packet.
 * @returns 0 if it is, else `reservedNotZero` or `badBlock`: then nothing of it counts.
 */
export function checkBlocks(bytes: Uint8Array, offset: ArenaOffset, length: ByteLength): DropReason | 0 {
  if (bytes[offset + ZERO] !== 0 || bytes[offset + RESERVED] !== 0) return DropReason.reservedNotZero;
  const own = readOwnLength(bytes, offset);
  if (own !== 0 && bytes[offset + FLAGS] === BLOCKS_ALONE) return DropReason.badBlock;
  const count = bytes[offset + COUNT];
  if (count === 0 || count > MAX_BLOCKS) return DropReason.badBlock;
  const end = offset + length;
  let block = offset + BLOCKS_HEADER_BYTES + own;
  for (let left = count; left > 0; left--) {
    if (block + BLOCK_HEAD_BYTES > end) return DropReason.badBlock;
    const next = nextBlock(bytes, block);
    if (next > end || !isSound(bytes, block)) return DropReason.badBlock;
    block = next;
  }
  return block === end ? 0 : DropReason.badBlock;
}

/** Whether a block's distance and length are those of its type. */
function isSound(bytes: Uint8Array, block: ArenaOffset): boolean {
  const distance = bytes[block + 1];
  const length = readBlockLength(bytes, block);
  switch (bytes[block]) {
    case BlockType.repeat:
      return distance > 0;
    case BlockType.xor:
      return distance > 0 && length >= XOR_EXTRA_BYTES;
    case BlockType.report:
      return distance === 0 && length === REPORT_BYTES;
    case BlockType.request:
      return distance === 0 && length === REQUEST_BYTES;
    default:
      return false;
  }
}

/** Whether the packet has no payload of its own. */
export function isAlone(bytes: Uint8Array, offset: ArenaOffset): boolean {
  return bytes[offset + FLAGS] === BLOCKS_ALONE;
}

/** Bytes of the packet's own payload, which begins {@link BLOCKS_HEADER_BYTES} behind the packet's first. */
export function readOwnLength(bytes: Uint8Array, offset: ArenaOffset): ByteLength {
  return readUint16(bytes, offset + OWN_LENGTH);
}

/** How many blocks a packet has. */
export function readBlockCount(bytes: Uint8Array, offset: ArenaOffset): number {
  return bytes[offset + COUNT];
}

/** Where the packet's first block begins. */
export function firstBlock(bytes: Uint8Array, offset: ArenaOffset): ArenaOffset {
  return offset + BLOCKS_HEADER_BYTES + readOwnLength(bytes, offset);
}

/** Where the block behind `block` begins, or the packet ends. */
export function nextBlock(bytes: Uint8Array, block: ArenaOffset): ArenaOffset {
  return block + BLOCK_HEAD_BYTES + readBlockLength(bytes, block);
}

/** What a block is, in a valid packet. */
export function readBlockType(bytes: Uint8Array, block: ArenaOffset): BlockType {
  return bytes[block] as BlockType;
}

/** How many numbers before the packet's own that payload's was which the block is about; 0 for reports and requests. */
export function readBlockDistance(bytes: Uint8Array, block: ArenaOffset): number {
  return bytes[block + 1];
}

/** Bytes of a block's content, which begins {@link BLOCK_HEAD_BYTES} behind the block's first. */
export function readBlockLength(bytes: Uint8Array, block: ArenaOffset): ByteLength {
  return readUint16(bytes, block + 2);
}

/** XOR block: bit i says that the payload `i + 1` numbers before the first one is in it too. */
export function readXorMask(bytes: Uint8Array, block: ArenaOffset): number {
  return readUint16(bytes, block + BLOCK_HEAD_BYTES);
}

/** Report: the highest number that came. */
export function readReportHighest(bytes: Uint8Array, block: ArenaOffset): SequenceNumber {
  return readUint16(bytes, block + BLOCK_HEAD_BYTES);
}

/** Report: how many packets came, modulo 65,536. */
export function readReportReceived(bytes: Uint8Array, block: ArenaOffset): number {
  return readUint16(bytes, block + BLOCK_HEAD_BYTES + 2);
}

/** Report: how many runs of lost packets there were, modulo 65,536. */
export function readReportRuns(bytes: Uint8Array, block: ArenaOffset): number {
  return readUint16(bytes, block + BLOCK_HEAD_BYTES + 4);
}

/** Report: milliseconds that packets waited in queues on their way; 255 for that and more. */
export function readReportDelayMs(bytes: Uint8Array, block: ArenaOffset): number {
  return bytes[block + BLOCK_HEAD_BYTES + 6];
}

/** Report: another number whenever the counters have begun anew. */
export function readReportEpoch(bytes: Uint8Array, block: ArenaOffset): number {
  return bytes[block + BLOCK_HEAD_BYTES + 7];
}

/** Request: the first number that is missing. */
export function readRequestBase(bytes: Uint8Array, block: ArenaOffset): SequenceNumber {
  return readUint16(bytes, block + BLOCK_HEAD_BYTES);
}

/** Request: bit i says that the number `i + 1` behind the first one is missing too. */
export function readRequestMask(bytes: Uint8Array, block: ArenaOffset): number {
  return readUint16(bytes, block + BLOCK_HEAD_BYTES + 2);
}

/**
 * Writes the extension behind the header that starts at `offset`. Its version is `VERSION_FEC`.
 * @param flags - {@link BLOCKS_CARRY} or {@link BLOCKS_ALONE}.
 * @param ownBytes - of the own payload; 0 for {@link BLOCKS_ALONE}.
 * @param count - blocks that follow, 1 to {@link MAX_BLOCKS}.
 */
export function writeBlocksExtension(bytes: Uint8Array, offset: ArenaOffset, flags: number, ownBytes: ByteLength, count: number): void {
  writeUint16(bytes, offset + OWN_LENGTH, ownBytes);
  bytes[offset + ZERO] = 0;
  bytes[offset + COUNT] = count;
  bytes[offset + FLAGS] = flags;
  bytes[offset + RESERVED] = 0;
}

/** Writes a block's first four bytes at `block`. Its content belongs behind them. */
export function writeBlockHead(bytes: Uint8Array, block: ArenaOffset, type: BlockType, distance: number, length: ByteLength): void {
  bytes[block] = type;
  bytes[block + 1] = distance;
  writeUint16(bytes, block + 2, length);
}

/** Writes the mask of a XOR block, see {@link readXorMask}. */
export function writeXorMask(bytes: Uint8Array, block: ArenaOffset, mask: number): void {
  writeUint16(bytes, block + BLOCK_HEAD_BYTES, mask);
}

/**
 * Writes a whole report at `block`.
 * @param highest - the highest number that came, `received` how many came and `runs` how many runs were lost, of which the lowest 16 bits count.
 * @param delayMs - 0 to 255.
 * @param epoch - 0 to 255.
 */
export function writeReport(
  bytes: Uint8Array,
  block: ArenaOffset,
  highest: SequenceNumber,
  received: number,
  runs: number,
  delayMs: number,
  epoch: number,
): void {
  writeBlockHead(bytes, block, BlockType.report, 0, REPORT_BYTES);
  const at = block + BLOCK_HEAD_BYTES;
  writeUint16(bytes, at, highest);
  writeUint16(bytes, at + 2, received);
  writeUint16(bytes, at + 4, runs);
  bytes[at + 6] = delayMs;
  bytes[at + 7] = epoch;
}

/** Writes a whole request at `block`, see {@link readRequestBase} and {@link readRequestMask}. */
export function writeRequest(bytes: Uint8Array, block: ArenaOffset, base: SequenceNumber, mask: number): void {
  writeBlockHead(bytes, block, BlockType.request, 0, REQUEST_BYTES);
  writeUint16(bytes, block + BLOCK_HEAD_BYTES, base);
  writeUint16(bytes, block + BLOCK_HEAD_BYTES + 2, mask);
}

function readUint16(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

function writeUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}
