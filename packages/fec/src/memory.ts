import { MAX_FEC_PAYLOAD_BYTES } from '@lightspeed/wire';
import { FecError, requireInteger } from './fec-error.ts';
import { xorInto } from './xor.ts';

/** Free bytes in front of every block's content: room for the header of the packet that the content becomes. */
export const FEC_BLOCK_HEADROOM_BYTES = 64;
/** Bytes of XORed lengths that follow the content in a parity payload. */
export const LENGTHS_BYTES = 2;
/** Bytes of a block's content: the longest parity payload, rounded up so that blocks keep a 16-byte alignment. */
export const FEC_BLOCK_CONTENT_BYTES = Math.ceil((MAX_FEC_PAYLOAD_BYTES + LENGTHS_BYTES) / 16) * 16;
/** Bytes that one block takes of the memory's region. */
export const FEC_BLOCK_BYTES = FEC_BLOCK_HEADROOM_BYTES + FEC_BLOCK_CONTENT_BYTES;

const MAX_ALLOCATED_BLOCKS = 1_000_000;

/**
 * Fixed-size blocks in the caller's memory, in which encoders and decoders accumulate parity. Several of them may share
 * one memory.
 *
 * ```
 *            start             content offset: what take() gives and release() wants
 *              v                      v
 * bytes | ...  | headroom (64) | content (1,456) | headroom | content | ... | (rest) |
 *              |<--------- block 0 ------------->|<----- block 1 ---->|
 * ```
 *
 * `bytes` stays the caller's; the region's content belongs to this memory, and a taken block to its taker until
 * `release`. Offsets count from the start of `bytes`. If `bytes` views a `WebAssembly.Memory`, that must never grow.
 */
export class FecMemory {
  /** The caller's bytes, not a copy. */
  readonly bytes: Uint8Array;
  /** A view of the same bytes with the same offsets. */
  readonly view: DataView;
  /** How many blocks there are. */
  readonly capacity: number;

  private readonly firstContent: number;
  /** A stack of the free blocks' numbers: the lowest `freeCount` entries count. */
  private readonly free: Int32Array;
  private readonly taken: Uint8Array;
  private freeCount: number;

  /**
   * Divides `bytes` from `start` to `start + lengthBytes` into as many blocks as fit, none included.
   * @throws {FecError} `FEC_MEMORY_REGION` if that region is not within `bytes`.
   */
  constructor(bytes: Uint8Array, start: number, lengthBytes: number) {
    const whole = Number.isInteger(start) && Number.isInteger(lengthBytes);
    if (!whole || start < 0 || lengthBytes < 0 || start + lengthBytes > bytes.length) {
      throw new FecError(
        'FEC_MEMORY_REGION',
        `the region must lie within the ${bytes.length} bytes given, got ${lengthBytes} bytes from ${start}`,
      );
    }
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.capacity = Math.floor(lengthBytes / FEC_BLOCK_BYTES);
    this.firstContent = start + FEC_BLOCK_HEADROOM_BYTES;
    this.free = new Int32Array(this.capacity);
    this.taken = new Uint8Array(this.capacity);
    this.freeCount = this.capacity;
    // The lowest block on top: a lightly used memory keeps to the same few blocks, which stay in the cache.
    for (let i = 0; i < this.capacity; i++) this.free[i] = this.capacity - 1 - i;
  }

  /**
   * A memory of its own for `blocks` blocks.
   * @throws {FecError} `FEC_MEMORY_REGION` unless `blocks` is an integer from 0 to 1,000,000.
   */
  static allocate(blocks: number): FecMemory {
    requireInteger('FEC_MEMORY_REGION', 'blocks', blocks, 0, MAX_ALLOCATED_BLOCKS);
    const lengthBytes = blocks * FEC_BLOCK_BYTES;
    return new FecMemory(new Uint8Array(lengthBytes), 0, lengthBytes);
  }

  /** How many blocks are free. */
  get available(): number {
    return this.freeCount;
  }

  /**
   * Takes a block. Its bytes are whatever its last user left there.
   * @returns the offset of its content, or -1 if no block is free.
   */
  take(): number {
    if (this.freeCount === 0) return -1;
    const block = this.free[--this.freeCount];
    this.taken[block] = 1;
    return this.firstContent + block * FEC_BLOCK_BYTES;
  }

  /**
   * Gives a block back.
   * @param contentOffset - what `take` returned.
   * @throws {FecError} `FEC_MEMORY_BLOCK` if that is no block that is taken.
   */
  release(contentOffset: number): void {
    const block = (contentOffset - this.firstContent) / FEC_BLOCK_BYTES;
    // A block that is not one reads as undefined here.
    if (this.taken[block] !== 1) {
      throw new FecError('FEC_MEMORY_BLOCK', `no block is taken at offset ${contentOffset}`);
    }
    this.taken[block] = 0;
    this.free[this.freeCount++] = block;
  }
}

/**
 * XORs bytes of `source` into a block of which the first `filledBytes` bytes are in use, as if the shorter of the two
 * were padded with zeros.
 * @returns how many of the block's bytes are in use now.
 */
export function foldIntoBlock(
  memory: FecMemory,
  block: number,
  filledBytes: number,
  source: DataView,
  sourceOffset: number,
  lengthBytes: number,
): number {
  const longer = lengthBytes > filledBytes ? lengthBytes : filledBytes;
  if (longer > filledBytes) memory.bytes.fill(0, block + filledBytes, block + longer);
  xorInto(memory.view, block, source, sourceOffset, lengthBytes);
  return longer;
}

/** A view of the same bytes as `bytes`, with the same offsets. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
