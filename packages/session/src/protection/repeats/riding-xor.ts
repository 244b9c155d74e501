import type { FecMemory } from '@lightspeed/fec';
import {
  BLOCK_HEAD_BYTES,
  BlockType,
  MAX_BLOCK_DISTANCE,
  XOR_EXTRA_BYTES,
  sequenceDelta,
  writeBlockHead,
  writeXorMask,
} from '@lightspeed/wire';
import type { ArenaOffset, ByteLength, SequenceNumber } from '@lightspeed/wire';
import type { RepeatedFlow } from './repeated-flow.ts';
import type { SentPayloads } from './sent-payloads.ts';

/** How many numbers behind the newest payload a mask reaches. */
const MASK_BITS = 16;
/** Bytes of the mask, which stands in front of the content. */
const MASK_BYTES = 2;

/** Makes XOR blocks of a flow's last payloads (docs/protocol.md, Blocks): first choose, then write. */
export class RidingXor {
  readonly #memory: FecMemory;
  /** The places of the chosen payloads, the newest first. */
  readonly #places = new Uint8Array(MASK_BITS + 1);
  #count = 0;
  #distance = 0;
  #mask = 0;
  #lengths = 0;
  #longest = 0;

  constructor(memory: FecMemory) {
    this.#memory = memory;
  }

  /** Bytes of the block of what is chosen, with its head. */
  get blockBytes(): ByteLength {
    return BLOCK_HEAD_BYTES + XOR_EXTRA_BYTES + this.#longest;
  }

  /**
   * Chooses the newest payloads of a flow that are in no XOR yet.
   * @param packets how many, 1 to 17.
   * @param room how many bytes the block may have.
   * @returns whether there are as many, and fit.
   */
  choose(payloads: SentPayloads, flow: RepeatedFlow, sequence: SequenceNumber, packets: number, room: ByteLength): boolean {
    this.#count = this.#mask = this.#lengths = this.#longest = 0;
    let newest = 0;
    for (let nth = payloads.count - 1; nth >= 0 && this.#count < packets; nth--) {
      const place = payloads.placeOf(nth);
      if (payloads.flowAt(place) !== flow || payloads.doneAt(place) > 0) continue;
      const number = payloads.sequenceAt(place);
      if (this.#count === 0) {
        newest = number;
        this.#distance = sequenceDelta(sequence, newest);
      } else {
        const behind = sequenceDelta(newest, number);
        if (behind > MASK_BITS) return false;
        this.#mask |= 1 << (behind - 1);
      }
      this.#places[this.#count++] = place;
      this.#lengths ^= payloads.lengthAt(place);
      this.#longest = Math.max(this.#longest, payloads.lengthAt(place));
    }
    return this.#count === packets && this.#distance <= MAX_BLOCK_DISTANCE && this.blockBytes <= room;
  }

  /**
   * Writes the block at `at`, and notes that its payloads are in one.
   * @param scratch a block of memory to XOR in.
   */
  write(payloads: SentPayloads, scratch: number, at: ArenaOffset): void {
    const { bytes, view } = this.#memory;
    let filled = 0;
    for (let nth = 0; nth < this.#count; nth++) {
      const place = this.#places[nth];
      filled = this.#memory.fold(scratch, filled, view, payloads.blockAt(place), payloads.lengthAt(place));
      payloads.noteRepeats(place, 1);
    }
    writeBlockHead(bytes, at, BlockType.xor, this.#distance, XOR_EXTRA_BYTES + filled);
    writeXorMask(bytes, at, this.#mask);
    const content = at + BLOCK_HEAD_BYTES + MASK_BYTES;
    bytes.copyWithin(content, scratch, scratch + filled);
    bytes[content + filled] = this.#lengths >> 8;
    bytes[content + filled + 1] = this.#lengths;
  }
}
