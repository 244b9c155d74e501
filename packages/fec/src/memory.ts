import type { WasmMemory } from '@lightspeed/memory';
import { allocateWasmMemory, BlockPool, HEADROOM_BYTES } from '@lightspeed/memory';
import { MAX_FEC_PAYLOAD_BYTES } from '@lightspeed/wire';
import { FecError, requireInteger } from './fec-error.ts';
import { PlainKernel } from './plain-kernel.ts';
import { hasSimd, simdKernelOver } from './simd-kernel.ts';
import type { XorKernel } from './simd-kernel.ts';
import { xorInto } from './xor.ts';

/** Bytes of XORed lengths that follow the content in a parity payload. */
export const LENGTHS_BYTES = 2;
/** Bytes of a block's content: the longest parity payload, rounded up so that blocks keep a 16-byte alignment. */
export const FEC_BLOCK_CONTENT_BYTES = Math.ceil((MAX_FEC_PAYLOAD_BYTES + LENGTHS_BYTES) / 16) * 16;
/** Bytes that one block takes of the memory's region. */
export const FEC_BLOCK_BYTES = HEADROOM_BYTES + FEC_BLOCK_CONTENT_BYTES;

const MAX_ALLOCATED_BLOCKS = 1_000_000;

/**
 * Fixed-size blocks in the caller's memory, in which encoders and decoders accumulate parity. Several of them may share
 * one memory.
 *
 * ```
 *            start             content offset: what take() gives and release() wants
 *              v                 v
 * bytes | ...  | headroom (128) | content (1,456) | headroom | content | ... | (rest) |
 *              |<--------- block 0 ------------->|<----- block 1 ---->|
 * ```
 *
 * The caller keeps `bytes`. The region's content belongs to this memory, and a taken block to its taker until
 * `release`. Offsets count from the start of `bytes`.
 *
 * Over a `WebAssembly.Memory`, which must never grow, SIMD instructions XOR in place. Over other bytes, plain
 * TypeScript does it.
 */
export class FecMemory {
  /** The caller's bytes, not a copy. */
  readonly bytes: Uint8Array;
  /** A view of the same bytes with the same offsets. */
  readonly view: DataView;
  /** How many blocks there are. */
  readonly capacity: number;
  /** How XOR is done here. */
  readonly kernel: FecKernel;

  private readonly xor: XorKernel;
  private readonly pool: BlockPool;

  /**
   * Divides `bytes` from `start` to `start + lengthBytes` into as many blocks as fit, none included.
   * @param bytes - a `WebAssembly.Memory`, or any bytes; the bytes of a `WebAssembly.Memory` are any bytes too.
   * @throws {FecError} `ERR_FEC_MEMORY_REGION` if that region is not within `bytes`.
   */
  constructor(bytes: WasmMemory | Uint8Array, start: number, lengthBytes: number) {
    const wasm = ArrayBuffer.isView(bytes) ? null : simdKernelOver(bytes);
    this.bytes = ArrayBuffer.isView(bytes) ? bytes : new Uint8Array(bytes.buffer);
    const whole = Number.isInteger(start) && Number.isInteger(lengthBytes);
    if (!whole || start < 0 || lengthBytes < 0 || start + lengthBytes > this.bytes.length) {
      throw new FecError(
        'ERR_FEC_MEMORY_REGION',
        `the region must lie within the ${this.bytes.length} bytes given, got ${lengthBytes} bytes from ${start}`,
      );
    }
    this.view = viewOf(this.bytes);
    this.kernel = wasm === null ? 'plain' : 'simd';
    this.xor = wasm ?? new PlainKernel(this.bytes, this.view);
    this.pool = new BlockPool(start, lengthBytes, FEC_BLOCK_CONTENT_BYTES);
    this.capacity = this.pool.capacity;
  }

  /**
   * A memory of its own for `blocks` blocks: a `WebAssembly.Memory` where {@link availableKernel} is `simd`. A process
   * has room for some ten thousand of those (each reserves addresses, not memory); further ones are plain.
   * @throws {FecError} `ERR_FEC_MEMORY_REGION` unless `blocks` is an integer from 0 to 1,000,000.
   */
  static allocate(blocks: number): FecMemory {
    requireInteger('ERR_FEC_MEMORY_REGION', 'blocks', blocks, 0, MAX_ALLOCATED_BLOCKS);
    const lengthBytes = blocks * FEC_BLOCK_BYTES;
    const wasm = hasSimd() ? allocateWasmMemory(lengthBytes) : null;
    return new FecMemory(wasm ?? new Uint8Array(lengthBytes), 0, lengthBytes);
  }

  /** How many blocks are free. */
  get available(): number {
    return this.pool.available;
  }

  /**
   * Takes a block. Its bytes are whatever its last user left there.
   * @param owner - for whom, a small number from 0 on, or -1 for nobody in particular. An owner may not have more blocks than
   *   are free, so that nobody takes all.
   * @returns the offset of its content, or -1 if no block is free, or if the owner has its share.
   */
  take(owner = -1): number {
    return this.pool.take(owner);
  }

  /** How often an owner was refused a block because it had its share. */
  get overShare(): number {
    return this.pool.overShare;
  }

  /**
   * Gives a block back.
   * @param contentOffset - what `take` returned.
   * @throws {FecError} `ERR_FEC_MEMORY_BLOCK` if it is not a taken block.
   */
  release(contentOffset: number): void {
    if (!this.pool.release(contentOffset)) throw noBlock(contentOffset);
  }

  /**
   * XORs bytes into a block of which the first `filledBytes` bytes are in use, as if the shorter of the two were padded
   * with zeros.
   * @param block - what `take` returned.
   * @param source - `view`, or bytes outside of it, which are copied into a free block first.
   * @returns how many of the block's bytes are in use now.
   * @throws {FecError} `ERR_FEC_MEMORY_BLOCK` if `block` is not a taken block. `ERR_FEC_MEMORY_RANGE` if the bytes do not lie
   *   within `source`, exceed a block's content, or overlap the bytes that they are XORed into. Nothing is changed
   *   then.
   */
  fold(block: number, filledBytes: number, source: DataView, offset: number, lengthBytes: number): number {
    if (!this.pool.isTaken(block)) throw noBlock(block);
    requireRange("the block's bytes in use", 0, filledBytes, FEC_BLOCK_CONTENT_BYTES);
    requireRange("the block's new bytes", 0, lengthBytes, FEC_BLOCK_CONTENT_BYTES);
    if (source !== this.view) {
      requireRange('the bytes to fold in', offset, lengthBytes, source.byteLength);
      this.foldFromOutside(block, filledBytes, source, offset, lengthBytes);
    } else {
      this.foldOwn(block, filledBytes, offset, lengthBytes);
    }
    return lengthBytes > filledBytes ? lengthBytes : filledBytes;
  }

  /**
   * {@link fold} from these bytes, for whoever has taken the block and keeps count of it. What that one knows is not checked, since
   * it would take a fifth of the time of a small packet.
   * @param block - a block that the caller has. With any other number, bytes are overwritten that are not its own.
   * @param filledBytes - 0, or what the last call for this block returned.
   * @param lengthBytes - `MAX_FEC_PAYLOAD_BYTES` (1,444) at most. With more, the next block is overwritten.
   * @returns how many of the block's bytes are in use now.
   * @throws {FecError} `ERR_FEC_MEMORY_RANGE` if the bytes do not lie within `bytes`, or overlap the bytes that they are XORed
   *   into. Nothing is changed then.
   */
  foldOwn(block: number, filledBytes: number, offset: number, lengthBytes: number): number {
    requireRange('the bytes to fold in', offset, lengthBytes, this.bytes.length);
    if (offset - block < lengthBytes && block - offset < lengthBytes) throw overlap(block, offset, lengthBytes);
    this.xor.fold(block, filledBytes, offset, lengthBytes);
    return lengthBytes > filledBytes ? lengthBytes : filledBytes;
  }

  /**
   * Whether `lengthBytes` bytes from `offset` on are all zero.
   * @throws {FecError} `ERR_FEC_MEMORY_RANGE` if they do not lie within `bytes`.
   */
  isAllZero(offset: number, lengthBytes: number): boolean {
    requireRange('the bytes to look at', offset, lengthBytes, this.bytes.length);
    return this.xor.isAllZero(offset, lengthBytes) !== 0;
  }

  private foldFromOutside(block: number, filledBytes: number, source: DataView, offset: number, lengthBytes: number): void {
    const outside = new Uint8Array(source.buffer, source.byteOffset + offset, lengthBytes);
    const staged = filledBytes === 0 ? -1 : this.take();
    if (staged >= 0) {
      this.bytes.set(outside, staged);
      this.xor.fold(block, filledBytes, staged, lengthBytes);
      this.release(staged);
      return;
    }
    const common = Math.min(filledBytes, lengthBytes);
    xorInto(this.view, block, source, offset, common);
    this.bytes.set(outside.subarray(common), block + common);
  }
}

/** How XOR is done: by SIMD instructions of WebAssembly, or by their twin in plain TypeScript. */
export type FecKernel = 'simd' | 'plain';

/** How XOR is done in this program over a `WebAssembly.Memory`: `plain` where its engine or its policy allows no SIMD. */
export function availableKernel(): FecKernel {
  return hasSimd() ? 'simd' : 'plain';
}

function noBlock(contentOffset: number): FecError {
  return new FecError('ERR_FEC_MEMORY_BLOCK', `no block is taken at offset ${contentOffset}`);
}

function overlap(block: number, offset: number, lengthBytes: number): FecError {
  return new FecError('ERR_FEC_MEMORY_RANGE', `${lengthBytes} bytes at ${offset} overlap the block at ${block}`);
}

/** What makes a call of the kernel safe, which checks nothing itself. */
function requireRange(what: string, offset: number, lengthBytes: number, endOffset: number): void {
  // Whole numbers from 0 to 2^32 - 1 are the ones that this leaves as they are.
  if (offset >>> 0 === offset && lengthBytes >>> 0 === lengthBytes && offset + lengthBytes <= endOffset) return;
  throw new FecError('ERR_FEC_MEMORY_RANGE', `${what} must lie within 0 and ${endOffset}, got ${lengthBytes} bytes from ${offset}`);
}

/** A view of the same bytes as `bytes`, with the same offsets. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
