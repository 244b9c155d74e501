import type { FecMemory } from '@lightspeed/fec';
import {
  BLOCK_HEAD_BYTES,
  MAX_FEC_PAYLOAD_BYTES,
  XOR_EXTRA_BYTES,
  readBlockDistance,
  readBlockLength,
  readXorMask,
} from '@lightspeed/wire';
import type { ArenaOffset, ByteLength, FlowIndex, Milliseconds, SequenceNumber } from '@lightspeed/wire';

/** Payloads that are remembered: a block reaches 17 numbers back, from a few numbers before its packet. */
const REMEMBERED = 32;
const PLACES = REMEMBERED - 1;
/** Nothing was remembered for so long: what is there helps nobody any more. */
const STALE_MS = 1_000;
const MASK_BYTES = 2;

/**
 * Brings payloads back from XOR blocks. It remembers those that came, from when the first such block has come.
 *
 * ```text
 *   | number mod 32 |   a place each: number, flow, block of memory, length
 * ```
 */
export class XorBlocksReceiver {
  readonly #memory: FecMemory;
  readonly #owner: number;
  readonly #sequences = new Int32Array(REMEMBERED).fill(-1);
  readonly #flows = new Int32Array(REMEMBERED);
  readonly #blocks = new Int32Array(REMEMBERED).fill(-1);
  readonly #lengths = new Uint16Array(REMEMBERED);
  #rememberedMs: Milliseconds = 0;
  /** What the last {@link recover} has brought back: its number, and its length in the block that was returned. */
  recoveredSequence = 0;
  recoveredLength = 0;

  /** @param owner in whose name blocks are taken, see `FecMemory.take`. */
  constructor(memory: FecMemory, owner: number) {
    this.#memory = memory;
    this.#owner = owner;
  }

  /** A payload has come, in its own packet or in another one. */
  remember(sequence: SequenceNumber, flowIndex: FlowIndex, offset: ArenaOffset, length: ByteLength, nowMs: Milliseconds): void {
    // Nobody makes an XOR of longer ones.
    if (length > MAX_FEC_PAYLOAD_BYTES) return;
    const place = sequence & PLACES;
    if (this.#blocks[place] < 0) this.#blocks[place] = this.#memory.take(this.#owner);
    const block = this.#blocks[place];
    this.#sequences[place] = block < 0 ? -1 : sequence;
    if (block < 0) return;
    this.#memory.bytes.copyWithin(block, offset, offset + length);
    this.#flows[place] = flowIndex;
    this.#lengths[place] = length;
    this.#rememberedMs = nowMs;
  }

  /**
   * Brings back the one payload of a XOR block that has not come, if all others of it are here.
   * @param sequence the number of the packet with the block.
   * @returns a block of memory with the payload, the caller's; -1 if there is none.
   */
  recover(block: ArenaOffset, sequence: SequenceNumber, flowIndex: FlowIndex): number {
    const { bytes, view } = this.#memory;
    const newest = (sequence - readBlockDistance(bytes, block)) & 0xffff;
    const members = (readXorMask(bytes, block) << 1) | 1;
    const missing = this.#missing(newest, members, flowIndex);
    const content = block + BLOCK_HEAD_BYTES + MASK_BYTES;
    let filled = readBlockLength(bytes, block) - XOR_EXTRA_BYTES;
    if (missing < 0 || filled > MAX_FEC_PAYLOAD_BYTES) return -1;
    let length = (bytes[content + filled] << 8) | bytes[content + filled + 1];
    // It is as long as the longest of its payloads. So nobody has long ones delivered for short blocks, again and again.
    if (this.#longest(newest, members, missing) > filled) return -1;
    const recovered = this.#memory.take(this.#owner);
    if (recovered < 0) return -1;
    bytes.copyWithin(recovered, content, content + filled);
    for (let bit = 0, left = members; left !== 0; bit++, left >>>= 1) {
      const number = (newest - bit) & 0xffff;
      if ((left & 1) === 0 || number === missing) continue;
      const place = number & PLACES;
      length ^= this.#lengths[place];
      filled = this.#memory.fold(recovered, filled, view, this.#blocks[place], this.#lengths[place]);
    }
    // Whatever is longer than all of them, or has something behind its end, was never sent.
    if (length > filled || !this.#memory.isAllZero(recovered + length, filled - length)) {
      this.#memory.release(recovered);
      return -1;
    }
    this.recoveredSequence = missing;
    this.recoveredLength = length;
    return recovered;
  }

  /** Gives back the memory of what is too old to help. */
  tidy(nowMs: Milliseconds): void {
    if ((nowMs - this.#rememberedMs) >>> 0 >= STALE_MS) this.close();
  }

  /** Gives all memory back. */
  close(): void {
    for (let place = 0; place < REMEMBERED; place++) {
      if (this.#blocks[place] >= 0) this.#memory.release(this.#blocks[place]);
      this.#blocks[place] = this.#sequences[place] = -1;
    }
  }

  /** The length of the longest member but one. */
  #longest(newest: SequenceNumber, members: number, missing: SequenceNumber): ByteLength {
    let longest = 0;
    for (let bit = 0, left = members; left !== 0; bit++, left >>>= 1) {
      const number = (newest - bit) & 0xffff;
      if ((left & 1) !== 0 && number !== missing) longest = Math.max(longest, this.#lengths[number & PLACES]);
    }
    return longest;
  }

  /** The number of the only member that is not here; -1 if none or several are not. */
  #missing(newest: SequenceNumber, members: number, flowIndex: FlowIndex): SequenceNumber | -1 {
    let missing = -1;
    for (let bit = 0, left = members; left !== 0; bit++, left >>>= 1) {
      if ((left & 1) === 0) continue;
      const number = (newest - bit) & 0xffff;
      const place = number & PLACES;
      if (this.#sequences[place] === number && this.#flows[place] === flowIndex) continue;
      if (missing >= 0) return -1;
      missing = number;
    }
    return missing;
  }
}
