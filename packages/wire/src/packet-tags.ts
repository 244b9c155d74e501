import { BLOCKS_ALONE, BLOCKS_CARRY, BLOCK_HEAD_BYTES, BlockType, MAX_BLOCKS, REPORT_BYTES } from './blocks.ts';
import { HEADER_BYTES, TAG_BYTES, VERSION_PLAIN, VERSION_TAGGED_FEC, VERSION_TAGGED_PLAIN } from './constants.ts';
import { FEC_EXTENSION_BYTES_STANDARD } from './dialect.ts';
import { DropReason } from './drop-reason.ts';
import { hashHeader } from './header-hash.ts';
import { checkFecExtension } from './packet.ts';
import type { ArenaOffset, ByteLength } from './roles.ts';
import { WireError } from './wire-error.ts';

/** The key of one direction's tags: its 8 bytes as two little-endian int32 words. */
export interface TagKey {
  readonly word0: number;
  readonly word1: number;
}

/** Bytes of a {@link TagKey}. */
export const TAG_KEY_BYTES = 8;

const FEC_HEADER_BYTES = HEADER_BYTES + FEC_EXTENSION_BYTES_STANDARD;
/** What a tag adds to the first four bytes of a packet: versions 1 and 2 become 3 and 4. */
const VERSION_STEP = (VERSION_TAGGED_PLAIN - VERSION_PLAIN) << 28;
/** What the tag at hand covers of blocks. */
const gathered = new Int32Array((MAX_BLOCKS * (BLOCK_HEAD_BYTES + REPORT_BYTES)) / 4);

/**
 * The key that `bytes` hold.
 * @throws {WireError} `ERR_WIRE_FIELD_RANGE` unless they are 8.
 */
export function readTagKey(bytes: Uint8Array): TagKey {
  if (bytes.length !== TAG_KEY_BYTES) {
    throw new WireError('ERR_WIRE_FIELD_RANGE', `a tag key must have ${TAG_KEY_BYTES} bytes, got ${bytes.length}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { word0: view.getInt32(0, true), word1: view.getInt32(4, true) };
}

/**
 * Makes a version 1 or 2 packet of dialect `standard` a version 3 or 4 packet, in place (docs/protocol.md, Packet tags). The
 * header moves 4 bytes down, and the tag takes the room. The payload stays where it is.
 *
 * ```text
 *   before       | header 20 | (FEC 6) | payload ...        at offset, length bytes
 *   after  | header 20 | (FEC 6) | tag | payload ...        at offset - 4, length + 4 bytes
 * ```
 *
 * @param view - over the memory that the packet is in, with 4 free bytes in front of it.
 * @param length - the packet's, at most 65,535 + its header; the packet is valid.
 * @param key0 - first word of the direction's key, `key1` the second one.
 */
export function sealPacket(view: DataView, offset: ArenaOffset, length: ByteLength, key0: number, key1: number): void {
  const first = view.getInt32(offset) + VERSION_STEP;
  const headerBytes = first >>> 28 === VERSION_TAGGED_FEC ? FEC_HEADER_BYTES : HEADER_BYTES;
  view.setInt32(offset, first);
  const payload = offset + headerBytes;
  const words = headerBytes === FEC_HEADER_BYTES ? gatherBlocks(view, offset, payload, offset + length) : 0;
  const tag = hashHeader(view, offset, headerBytes, length - headerBytes, key0, key1, gathered, words);
  view.setInt32(offset - 4, first);
  view.setInt32(offset, view.getInt32(offset + 4));
  view.setInt32(offset + 4, view.getInt32(offset + 8));
  view.setInt32(offset + 8, view.getInt32(offset + 12));
  view.setInt32(offset + 12, view.getInt32(offset + 16));
  if (headerBytes === FEC_HEADER_BYTES) {
    view.setInt32(offset + 16, view.getInt32(offset + 20));
    view.setInt16(offset + 20, view.getInt16(offset + 24));
  }
  view.setInt32(offset + headerBytes - TAG_BYTES, tag);
}

/**
 * Undoes {@link sealPacket} if the tag is right. The packet is then at `offset + 4` and 4 bytes shorter, a version 1 or 2
 * packet. What else there is to check ({@link checkPacket}) has not been checked yet. A packet that is refused is
 * left as it was.
 *
 * @param length - the datagram's, any.
 * @param key0 - first word of the direction's key, `key1` the second one.
 * @returns 0, or why the packet is none with a right tag: `tooShort`, `badVersion`, `extensionCutShort` or `badTag`.
 */
export function openPacket(view: DataView, offset: ArenaOffset, length: ByteLength, key0: number, key1: number): DropReason | 0 {
  if (length < HEADER_BYTES) return DropReason.tooShort;
  const first = view.getInt32(offset);
  const refusal = checkForm(first >>> 28, length);
  if (refusal !== 0) return refusal;
  const headerBytes = first >>> 28 === VERSION_TAGGED_FEC ? FEC_HEADER_BYTES : HEADER_BYTES;
  const payload = offset + headerBytes + TAG_BYTES;
  const words = headerBytes === FEC_HEADER_BYTES ? gatherBlocks(view, offset, payload, offset + length) : 0;
  const tag = hashHeader(view, offset, headerBytes, length - headerBytes - TAG_BYTES, key0, key1, gathered, words);
  if (tag !== view.getInt32(offset + headerBytes)) return DropReason.badTag;
  if (headerBytes === FEC_HEADER_BYTES) {
    view.setInt16(offset + 28, view.getInt16(offset + 24));
    view.setInt32(offset + 24, view.getInt32(offset + 20));
  }
  view.setInt32(offset + 20, view.getInt32(offset + 16));
  view.setInt32(offset + 16, view.getInt32(offset + 12));
  view.setInt32(offset + 12, view.getInt32(offset + 8));
  view.setInt32(offset + 8, view.getInt32(offset + 4));
  view.setInt32(offset + 4, first - VERSION_STEP);
  return 0;
}

/** Whether `length` bytes at `offset` begin like a version 3 or 4 packet. */
export function hasTag(bytes: Uint8Array, offset: ArenaOffset, length: ByteLength): boolean {
  if (length === 0) return false;
  const version = bytes[offset] >> 4;
  return version === VERSION_TAGGED_PLAIN || version === VERSION_TAGGED_FEC;
}

/**
 * Whether `length` bytes at `offset` are a valid version 3 or 4 packet of dialect `standard`, apart from the tag itself
 * (docs/protocol.md, Validity). For tools; who has the key calls {@link openPacket}.
 * @returns 0 if they are, else the reason why not.
 */
export function checkTaggedPacket(bytes: Uint8Array, offset: ArenaOffset, length: ByteLength): DropReason | 0 {
  if (length < HEADER_BYTES) return DropReason.tooShort;
  const version = bytes[offset] >> 4;
  const refusal = checkForm(version, length);
  if (refusal !== 0 || version === VERSION_TAGGED_PLAIN) return refusal;
  return checkFecExtension(bytes, offset + HEADER_BYTES, FEC_EXTENSION_BYTES_STANDARD, 'standard');
}

function checkForm(version: number, length: ByteLength): DropReason | 0 {
  if (version === VERSION_TAGGED_PLAIN) return length < HEADER_BYTES + TAG_BYTES ? DropReason.tooShort : 0;
  if (version !== VERSION_TAGGED_FEC) return DropReason.badVersion;
  return length < FEC_HEADER_BYTES + TAG_BYTES ? DropReason.extensionCutShort : 0;
}

/**
 * Collects what a tag covers of a packet's blocks into {@link gathered}: their heads, and reports and requests as a whole. It ends
 * where the packet does: a packet whose blocks go on there is refused later, whatever its tag.
 * @param payload - where the packet's own payload begins, `end` where the packet ends.
 * @returns how many words; 0 for a packet without blocks.
 */
function gatherBlocks(view: DataView, offset: ArenaOffset, payload: ArenaOffset, end: ArenaOffset): number {
  const flags = view.getUint8(offset + HEADER_BYTES + 4);
  if (flags !== BLOCKS_CARRY && flags !== BLOCKS_ALONE) return 0;
  let words = 0;
  let block = payload + view.getUint16(offset + HEADER_BYTES);
  for (let left = Math.min(view.getUint8(offset + HEADER_BYTES + 3), MAX_BLOCKS); left > 0 && block + BLOCK_HEAD_BYTES <= end; left--) {
    const type = view.getUint8(block);
    const length = view.getUint16(block + 2);
    const next = block + BLOCK_HEAD_BYTES + length;
    const isWhole = (type === BlockType.report || type === BlockType.request) && length <= REPORT_BYTES && length % 4 === 0 && next <= end;
    const covered = isWhole ? next : block + BLOCK_HEAD_BYTES;
    for (let at = block; at < covered; at += 4) gathered[words++] = view.getInt32(at, true);
    block = next;
  }
  return words;
}
