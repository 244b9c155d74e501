import { FEC_BLOCK_BYTES, FecMemory } from '@lightspeed/fec';
import { HEADROOM_BYTES } from '@lightspeed/memory';
import { MAX_DATAGRAM_BYTES } from './datagrams.ts';

const BLOCKS = 128;

/** Memory of a relay or tunnel, with one place for the datagram at hand. */
export class Arena {
  readonly memory: FecMemory;
  /** Where the datagram lies. */
  readonly offset = HEADROOM_BYTES;

  constructor() {
    const slotBytes = HEADROOM_BYTES + MAX_DATAGRAM_BYTES + 64;
    this.memory = new FecMemory(new Uint8Array(slotBytes + BLOCKS * FEC_BLOCK_BYTES), slotBytes, BLOCKS * FEC_BLOCK_BYTES);
  }

  get bytes(): Uint8Array {
    return this.memory.bytes;
  }

  /** A copy of the datagram at hand. */
  copy(length: number): Uint8Array {
    return this.bytes.slice(this.offset, this.offset + length);
  }
}
