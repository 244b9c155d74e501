import type { FecMemory } from '@lightspeed/fec';

/**
 * Blocks that hold packets on their way to the kernel. The driver sends from them in place. So they go back to the
 * memory only after it has said that everything queued so far is sent.
 */
export class BlockReturns {
  readonly #memory: FecMemory;
  readonly #blocks: Int32Array;
  #count = 0;
  #batch = 0;

  constructor(memory: FecMemory) {
    this.#memory = memory;
    this.#blocks = new Int32Array(memory.capacity);
  }

  /** Gives the block back once what is queued now is sent. */
  afterSend(block: number): void {
    this.#blocks[this.#count++] = block;
  }

  /** A number that changes whenever everything queued before is sent: bytes that were queued in an earlier batch may be written to. */
  get batch(): number {
    return this.#batch;
  }

  /** Everything queued so far is sent. */
  sent(): void {
    this.#batch = (this.#batch + 1) | 0;
    for (let i = 0; i < this.#count; i++) this.#memory.release(this.#blocks[i]);
    this.#count = 0;
  }
}
