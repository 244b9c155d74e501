import {
  BLOCKS_HEADER_BYTES,
  BLOCK_HEAD_BYTES,
  BlockType,
  HEADER_BYTES,
  MAX_BLOCKS,
  REPORT_BYTES,
  REQUEST_BYTES,
  TAG_BYTES,
  VERSION_FEC,
  VERSION_TAGGED_FEC,
  XOR_EXTRA_BYTES,
  checkBlocks,
  firstBlock,
  hasBlocks,
  isAlone,
  nextBlock,
  readBlockCount,
  readBlockDistance,
  readBlockLength,
  readBlockType,
  readOwnLength,
  readRequestBase,
  readSequence,
} from '@lightspeed/wire';
import type { DropReason } from '@lightspeed/wire';
import { blockName, inWords, numberBefore, requestedNumbers, xorNumbers } from './block-numbers.ts';
import type { FieldReader } from './fields.ts';
import { hex } from './reasons.ts';

const ZERO = HEADER_BYTES + 2;
const RESERVED = HEADER_BYTES + 5;

/** The numbers of 16 bits in an XOR block beside its content. */
const MASK_BYTES = 2;
const LENGTHS_BYTES = 2;

/**
 * A packet with blocks as it is without its tag: what the checks of packets know. Undefined for any other packet.
 * @param bytes a packet of dialect `standard`, which peers that have not agreed on blocks refuse.
 */
export function blocksIn(bytes: Uint8Array): Uint8Array | undefined {
  const plain = bytes[0] >> 4 === VERSION_TAGGED_FEC ? withoutTag(bytes) : bytes;
  return hasBlocks(plain, 0, plain.length) ? plain : undefined;
}

/** Whether a packet that {@link blocksIn} knows is valid. @returns 0, or why not. */
export function refusalOfBlocks(plain: Uint8Array): DropReason | 0 {
  return checkBlocks(plain, 0, plain.length);
}

/** Says in words why {@link refusalOfBlocks} refuses a packet. */
export function faultOfBlocks(plain: Uint8Array): string {
  const [first, second] = [plain[ZERO], plain[RESERVED]];
  if (first !== 0) return `the byte behind its own length is 0x${hex(first)}; it must be 0`;
  if (second !== 0) return `the byte behind its flags is 0x${hex(second)}; it must be 0`;
  const own = readOwnLength(plain, 0);
  if (own !== 0 && isAlone(plain, 0)) return `its blocks go alone (flags 0x03), but it has ${own} bytes of own payload`;
  const count = readBlockCount(plain, 0);
  if (count === 0 || count > MAX_BLOCKS) return `it has ${count} blocks; allowed are 1 to ${MAX_BLOCKS}`;
  let block = firstBlock(plain, 0);
  for (let nth = 1; nth <= count; nth++) {
    if (block + BLOCK_HEAD_BYTES > plain.length) return `it ends in front of block ${nth} of ${count}`;
    const fault = faultOfBlock(plain, block);
    if (fault !== undefined) return `block ${nth} ${fault}`;
    block = nextBlock(plain, block);
  }
  const rest = plain.length - block;
  return `${rest} ${rest === 1 ? 'byte' : 'bytes'} too many behind its last block; blocks end where the packet does`;
}

function faultOfBlock(plain: Uint8Array, block: number): string | undefined {
  const type = readBlockType(plain, block);
  const distance = readBlockDistance(plain, block);
  const length = readBlockLength(plain, block);
  const left = plain.length - block - BLOCK_HEAD_BYTES;
  if (length > left) return `says that it has ${length} bytes; the packet has ${left} more`;
  const name = blockName(type);
  const isAboutPacket = type === BlockType.repeat || type === BlockType.xor;
  const fixedBytes = type === BlockType.report ? REPORT_BYTES : REQUEST_BYTES;
  if (name === 'unknown') return `is of type ${type}; there are 1 (repeat), 2 (XOR), 3 (report) and 4 (request)`;
  if (isAboutPacket && distance === 0) return `is a ${name} of distance 0; allowed are 1 to 255`;
  if (!isAboutPacket && distance !== 0) return `is a ${name} of distance ${distance}; it must be 0`;
  if (type === BlockType.xor && length < XOR_EXTRA_BYTES) return `is an XOR of ${length} bytes; it has ${XOR_EXTRA_BYTES} at least`;
  if (!isAboutPacket && length !== fixedBytes) return `is a ${name} of ${length} bytes; it has ${fixedBytes}`;
  return undefined;
}

function withoutTag(bytes: Uint8Array): Uint8Array {
  const plain = new Uint8Array(Math.max(0, bytes.length - TAG_BYTES));
  plain.set(bytes.subarray(0, BLOCKS_HEADER_BYTES));
  plain.set(bytes.subarray(BLOCKS_HEADER_BYTES + TAG_BYTES), Math.min(plain.length, BLOCKS_HEADER_BYTES));
  if (plain.length > 0) plain[0] = (VERSION_FEC << 4) | (bytes[0] & 0x0f);
  return plain;
}

/** Reads the extension of a packet with blocks. */
export function readBlocksExtension(reader: FieldReader): void {
  reader.number(2, 'own length', () => 'of the payload of this packet', ' bytes');
  reader.number(1, 'zero', mustBeZero);
  reader.number(1, 'blocks', () => 'behind the payload, 1 to 8');
  reader.number(1, 'block flags', (flags) => (flags === 2 ? 'carries blocks' : 'blocks alone'));
  reader.number(1, 'zero', mustBeZero);
}

function mustBeZero(value: number): string {
  return value === 0 ? '' : 'must be 0';
}

/**
 * Reads the payload and the blocks of a packet, as far as there are bytes.
 * @param explainPayload what to say of a payload.
 */
export function readBlocks(reader: FieldReader, plain: Uint8Array, explainPayload: (payload: Uint8Array) => string): void {
  const ownBytes = readOwnLength(plain, 0);
  if (ownBytes > 0 && reader.left > 0) readPayload(reader, Math.min(ownBytes, reader.left), 'payload', explainPayload);
  for (let left = readBlockCount(plain, 0); left > 0 && reader.left >= BLOCK_HEAD_BYTES; left--) {
    const at = reader.bytes.length - reader.left;
    const length = readBlockLength(reader.bytes, at);
    const sequence = readSequence(plain, 0);
    reader.number(1, 'block type', blockName);
    reader.number(1, 'distance', (distance) => explainDistance(sequence, distance));
    reader.number(2, 'length', () => 'of the content', ' bytes');
    readContent(reader, at, Math.min(length, reader.left), sequence, explainPayload);
  }
  if (reader.left > 0) reader.raw(reader.left, 'rest', 'behind the last block: blocks must end where the packet does');
}

function explainDistance(sequence: number, distance: number): string {
  return distance === 0 ? 'about no packet' : `about number ${numberBefore(sequence, distance)}`;
}

function readContent(
  reader: FieldReader,
  block: number,
  length: number,
  sequence: number,
  explainPayload: (payload: Uint8Array) => string,
): void {
  if (length === 0) return;
  const type = readBlockType(reader.bytes, block);
  if (type === BlockType.repeat) readPayload(reader, length, 'repeated payload', explainPayload);
  else if (type === BlockType.xor && length >= XOR_EXTRA_BYTES) {
    const distance = readBlockDistance(reader.bytes, block);
    reader.number(MASK_BYTES, 'mask', (mask) => `XOR of the payloads of ${inWords(xorNumbers(sequence, distance, mask))}`);
    if (length > XOR_EXTRA_BYTES) reader.raw(length - XOR_EXTRA_BYTES, 'XOR content', 'of payloads, padded to the longest');
    reader.number(LENGTHS_BYTES, 'XOR of lengths', () => 'of the payloads');
  } else if (type === BlockType.report && length === REPORT_BYTES) {
    reader.number(2, 'highest', () => 'number of which it is known whether it came');
    reader.number(2, 'received', () => 'packets up to it');
    reader.number(2, 'loss runs', () => 'up to it');
    reader.number(1, 'queueing delay', (ms) => (ms === 255 ? 'that, or more' : 'the least since the last report'), ' ms');
    reader.number(1, 'epoch', () => 'another one whenever the counters begin anew');
  } else if (type === BlockType.request && length === REQUEST_BYTES) {
    reader.number(2, 'base', () => 'the first number that is missing');
    const base = readRequestBase(reader.bytes, block);
    reader.number(2, 'mask', (mask) => `missing: ${inWords(requestedNumbers(base, mask))}`);
  } else reader.raw(length, 'content', '');
}

function readPayload(reader: FieldReader, length: number, name: string, explainPayload: (payload: Uint8Array) => string): void {
  const at = reader.bytes.length - reader.left;
  reader.raw(length, name, explainPayload(reader.bytes.subarray(at, at + length)));
}
