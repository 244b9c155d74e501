import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BLOCKS_ALONE,
  BLOCKS_CARRY,
  BLOCKS_HEADER_BYTES,
  BLOCK_HEAD_BYTES,
  BlockType,
  DROP_REASON_NAMES,
  DropReason,
  MAX_BLOCKS,
  REPORT_BYTES,
  REQUEST_BYTES,
  XOR_EXTRA_BYTES,
  checkBlocks,
  checkPacket,
  firstBlock,
  hasBlocks,
  isAlone,
  isParity,
  nextBlock,
  readBlockCount,
  readBlockDistance,
  readBlockLength,
  readBlockType,
  readOwnLength,
  readReportDelayMs,
  readReportEpoch,
  readReportHighest,
  readReportReceived,
  readReportRuns,
  readRequestBase,
  readRequestMask,
  readXorMask,
  writeBlockHead,
  writeBlocksExtension,
  writeHeader,
  writeReport,
  writeRequest,
  writeXorMask,
} from '@lightspeed/wire';
import vectors from './vectors/blocks.json' with { type: 'json' };

/** One block as a test writes it. */
type Block =
  | { readonly type: 'repeat'; readonly distance: number; readonly payload: Uint8Array }
  | { readonly type: 'xor'; readonly distance: number; readonly mask: number; readonly content: Uint8Array }
  | { readonly type: 'report'; readonly numbers: readonly [number, number, number, number, number] }
  | { readonly type: 'request'; readonly base: number; readonly mask: number };

interface BlockPacket {
  readonly isAlone: boolean;
  readonly own: Uint8Array;
  readonly blocks: readonly Block[];
}

const u16 = fc.nat(0xffff);
const u8 = fc.nat(0xff);
const distance = fc.integer({ min: 1, max: 255 });
const block: fc.Arbitrary<Block> = fc.oneof(
  fc.record({ type: fc.constant('repeat' as const), distance, payload: fc.uint8Array({ maxLength: 150 }) }),
  fc.record({ type: fc.constant('xor' as const), distance, mask: u16, content: fc.uint8Array({ minLength: 2, maxLength: 150 }) }),
  fc.record({ type: fc.constant('report' as const), numbers: fc.tuple(u16, u16, u16, u8, u8) }),
  fc.record({ type: fc.constant('request' as const), base: u16, mask: u16 }),
);
const packet: fc.Arbitrary<BlockPacket> = fc
  .record({
    isAlone: fc.boolean(),
    own: fc.uint8Array({ maxLength: 300 }),
    blocks: fc.array(block, { minLength: 1, maxLength: MAX_BLOCKS }),
  })
  .map((made) => (made.isAlone ? { ...made, own: new Uint8Array(0) } : made));

function writeBlock(bytes: Uint8Array, at: number, block: Block): void {
  switch (block.type) {
    case 'repeat':
      writeBlockHead(bytes, at, BlockType.repeat, block.distance, block.payload.length);
      bytes.set(block.payload, at + BLOCK_HEAD_BYTES);
      break;
    case 'xor':
      writeBlockHead(bytes, at, BlockType.xor, block.distance, 2 + block.content.length);
      writeXorMask(bytes, at, block.mask);
      bytes.set(block.content, at + BLOCK_HEAD_BYTES + 2);
      break;
    case 'report':
      writeReport(bytes, at, ...block.numbers);
      break;
    case 'request':
      writeRequest(bytes, at, block.base, block.mask);
  }
}

/** The packet from `offset` on, in bytes that are longer. */
function encode({ isAlone, own, blocks }: BlockPacket, offset = 0): { readonly bytes: Uint8Array; readonly length: number } {
  const bytes = new Uint8Array(offset + 4_000).fill(0xee);
  writeHeader(bytes, offset, 2, 0, 7, 260, 1_000, 0x0a00_0001, 1_111, 0x0a00_0002, 2_222);
  writeBlocksExtension(bytes, offset, isAlone ? BLOCKS_ALONE : BLOCKS_CARRY, own.length, blocks.length);
  bytes.set(own, offset + BLOCKS_HEADER_BYTES);
  let at = offset + BLOCKS_HEADER_BYTES + own.length;
  for (const block of blocks) {
    writeBlock(bytes, at, block);
    at = nextBlock(bytes, at);
  }
  return { bytes, length: at - offset };
}

function readBlock(bytes: Uint8Array, at: number): Block {
  const content = bytes.slice(at + BLOCK_HEAD_BYTES, nextBlock(bytes, at));
  const distance = readBlockDistance(bytes, at);
  switch (readBlockType(bytes, at)) {
    case BlockType.repeat:
      return { type: 'repeat', distance, payload: content };
    case BlockType.xor:
      return { type: 'xor', distance, mask: readXorMask(bytes, at), content: content.slice(2) };
    case BlockType.report: {
      const [highest, received, runs] = [readReportHighest(bytes, at), readReportReceived(bytes, at), readReportRuns(bytes, at)];
      return { type: 'report', numbers: [highest, received, runs, readReportDelayMs(bytes, at), readReportEpoch(bytes, at)] };
    }
    case BlockType.request:
      return { type: 'request', base: readRequestBase(bytes, at), mask: readRequestMask(bytes, at) };
  }
}

function decode(bytes: Uint8Array, offset: number): BlockPacket {
  const blocks: Block[] = [];
  let at = firstBlock(bytes, offset);
  for (let left = readBlockCount(bytes, offset); left > 0; left--) {
    blocks.push(readBlock(bytes, at));
    at = nextBlock(bytes, at);
  }
  const own = bytes.slice(offset + BLOCKS_HEADER_BYTES, offset + BLOCKS_HEADER_BYTES + readOwnLength(bytes, offset));
  return { isAlone: isAlone(bytes, offset), own, blocks };
}

describe('packets with blocks', () => {
  for (const { name, hex, verdict } of vectors.packets) {
    it(`are what the vectors say: ${name}`, () => {
      const bytes = new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
      // Peers that have agreed on nothing refuse all of them.
      expect(DROP_REASON_NAMES[checkPacket(bytes, 0, bytes.length, 'standard')]).not.toBe('');
      const refusal = hasBlocks(bytes, 0, bytes.length) ? checkBlocks(bytes, 0, bytes.length) : DropReason.badFecFlags;
      expect(DROP_REASON_NAMES[refusal]).toBe(verdict);
      if (refusal !== 0) return;
      const { bytes: again, length } = encode(decode(bytes, 0));
      expect(Buffer.from(again.subarray(BLOCKS_HEADER_BYTES - 6, length)).toString('hex')).toBe(
        Buffer.from(bytes.subarray(BLOCKS_HEADER_BYTES - 6)).toString('hex'),
      );
    });
  }

  it('are read as they were written, wherever they stand, and are neither plain data nor parity to others', () => {
    fc.assert(
      fc.property(packet, fc.nat(40), (made, offset) => {
        const { bytes, length } = encode(made, offset);
        expect(hasBlocks(bytes, offset, length)).toBe(true);
        expect(checkBlocks(bytes, offset, length)).toBe(0);
        expect(decode(bytes, offset)).toEqual(made);
        expect([DropReason.badFecFlags, DropReason.reservedNotZero]).toContain(checkPacket(bytes, offset, length, 'standard'));
        expect(isParity(bytes, offset)).toBe(false);
      }),
    );
  });

  it('are refused as a whole if they do not end where their last block does', () => {
    fc.assert(
      fc.property(packet, fc.integer({ min: 1, max: 60 }), (made, by) => {
        const { bytes, length } = encode(made);
        expect(checkBlocks(bytes, 0, length + by)).toBe(DropReason.badBlock);
        const shorter = Math.max(BLOCKS_HEADER_BYTES, length - by);
        expect(checkBlocks(bytes, 0, shorter)).toBe(DropReason.badBlock);
      }),
    );
  });

  it.each([
    ['an own payload that goes alone', { offset: 21, value: 1, of: BLOCKS_ALONE }],
    ['no block', { offset: 23, value: 0, of: BLOCKS_CARRY }],
    ['nine blocks', { offset: 23, value: 9, of: BLOCKS_CARRY }],
    ['a block of an unknown type', { offset: 26, value: 5, of: BLOCKS_CARRY }],
    ['a repeat of itself', { offset: 27, value: 0, of: BLOCKS_CARRY }],
  ])('are refused with %s', (_, { offset, value, of }) => {
    const { bytes, length } = encode({
      isAlone: of === BLOCKS_ALONE,
      own: new Uint8Array(0),
      blocks: [{ type: 'repeat', distance: 1, payload: new Uint8Array(9) }],
    });
    expect(checkBlocks(bytes, 0, length)).toBe(0);
    bytes[offset] = value;
    expect(checkBlocks(bytes, 0, length)).toBe(DropReason.badBlock);
  });

  it.each([
    [BlockType.report, 0, REPORT_BYTES - 1],
    [BlockType.report, 1, REPORT_BYTES],
    [BlockType.request, 0, REQUEST_BYTES + 1],
    [BlockType.request, 3, REQUEST_BYTES],
    [BlockType.xor, 1, XOR_EXTRA_BYTES - 1],
    [BlockType.xor, 0, XOR_EXTRA_BYTES],
  ])('are refused with a block of type %i, distance %i and %i bytes', (type, distance, length) => {
    const bytes = new Uint8Array(100);
    writeHeader(bytes, 0, 2, 0, 7, 260, 1_000, 1, 2, 3, 4);
    writeBlocksExtension(bytes, 0, BLOCKS_ALONE, 0, 1);
    writeBlockHead(bytes, BLOCKS_HEADER_BYTES, type, distance, length);
    expect(readBlockLength(bytes, BLOCKS_HEADER_BYTES)).toBe(length);
    expect(checkBlocks(bytes, 0, BLOCKS_HEADER_BYTES + BLOCK_HEAD_BYTES + length)).toBe(DropReason.badBlock);
  });

  it('are refused if a byte that is to be zero is not', () => {
    for (const offset of [22, 25]) {
      const { bytes, length } = encode({ isAlone: false, own: new Uint8Array(3), blocks: [{ type: 'request', base: 1, mask: 2 }] });
      bytes[offset] = 1;
      expect(checkBlocks(bytes, 0, length)).toBe(DropReason.reservedNotZero);
    }
  });

  it('never make the check read behind their end, whatever they say', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: BLOCKS_HEADER_BYTES, maxLength: 200 }), fc.boolean(), (bytes, alone) => {
        bytes[0] = 0x20;
        bytes[24] = alone ? BLOCKS_ALONE : BLOCKS_CARRY;
        const first = checkBlocks(bytes, 0, bytes.length);
        const among = new Uint8Array(bytes.length + 300).fill(0x55);
        among.set(bytes);
        expect(checkBlocks(among, 0, bytes.length)).toBe(first);
      }),
    );
  });
});
