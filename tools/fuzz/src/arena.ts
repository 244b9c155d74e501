import { FEC_BLOCK_BYTES, FecMemory } from '@lightspeed/fec';
import { HEADROOM_BYTES } from '@lightspeed/memory';
import { TAG_BYTES, VERSION_FEC, VERSION_PLAIN, fecHeaderBytes, sealPacket } from '@lightspeed/wire';
import type { TagKey } from '@lightspeed/wire';
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

  /** Puts a tag on the datagram at hand if it is of a version that can have one. @returns its length then */
  seal(length: number, { word0, word1 }: TagKey): number {
    const { bytes, offset, memory } = this;
    const version = bytes[offset] >> 4;
    if (length < fecHeaderBytes('standard') || (version !== VERSION_PLAIN && version !== VERSION_FEC)) return length;
    sealPacket(memory.view, offset, length, word0, word1);
    bytes.copyWithin(offset, offset - TAG_BYTES, offset + length);
    return length + TAG_BYTES;
  }

  /** A copy of the datagram at hand. */
  copy(length: number): Uint8Array {
    return this.bytes.slice(this.offset, this.offset + length);
  }
}
