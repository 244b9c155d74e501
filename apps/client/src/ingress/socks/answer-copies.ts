import { FEC_BLOCK_CONTENT_BYTES } from '@lightspeed/fec';
import type { FecMemory } from '@lightspeed/fec';
import type { ArenaOffset, ByteLength } from '@lightspeed/wire';

/**
 * Answers in blocks of the memory, each with room for a header in front. Where they have come to there is none: in a packet with
 * repeats another payload ends four bytes before, and is still to be sent.
 */
export class AnswerCopies {
  readonly #memory: FecMemory;
  /** Blocks that are given back once what is queued is sent. */
  readonly #blocks: Int32Array;
  #count = 0;

  constructor(memory: FecMemory) {
    this.#memory = memory;
    this.#blocks = new Int32Array(memory.capacity);
  }

  /**
   * @returns where a copy lies, which is good until {@link sent}. One that is longer than a block comes alone in its packet, and stays
   *   where it is. -1 if there is no room.
   */
  copyOf(offset: ArenaOffset, length: ByteLength): ArenaOffset {
    if (length > FEC_BLOCK_CONTENT_BYTES) return offset;
    const block = this.#memory.take();
    if (block < 0) return -1;
    this.#memory.bytes.copyWithin(block, offset, offset + length);
    this.#blocks[this.#count++] = block;
    return block;
  }

  /** Everything given to the engine is sent. */
  sent(): void {
    for (let i = 0; i < this.#count; i++) this.#memory.release(this.#blocks[i]);
    this.#count = 0;
  }
}
