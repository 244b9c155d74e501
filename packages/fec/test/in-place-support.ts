import { DATA_DUPLICATE, DATA_NEW_AND_RECOVERED, FEC_BLOCK_BYTES, FecMemory, GroupDecoder, PARITY_RECOVERED } from '@lightspeed/fec';
import type { Delivery } from './support.ts';

/** Bytes in front of the blocks, where packets lie as received: an odd number, so that blocks are not aligned. */
const PACKET_AREA_BYTES = 2_001;

/** A memory of `blocks` blocks behind an area for one packet, as a relay's arena would have it. */
export function arenaOf(blocks: number): FecMemory {
  const bytes = new Uint8Array(PACKET_AREA_BYTES + blocks * FEC_BLOCK_BYTES).fill(0xa5);
  return new FecMemory(bytes, PACKET_AREA_BYTES, blocks * FEC_BLOCK_BYTES);
}

/** Copies a payload to where packets are received. */
export function place(memory: FecMemory, payload: Uint8Array, offset = 26): number {
  memory.bytes.set(payload, offset);
  return offset;
}

/** An in-place decoder and all that it has delivered, in order, with the recovered packets' tags. */
export class InPlaceReceiver {
  readonly decoder: GroupDecoder;
  readonly deliveries: Delivery[] = [];
  readonly recoveredTags: number[] = [];
  nowMs = 0;

  constructor(memory: FecMemory) {
    this.decoder = new GroupDecoder({ memory });
  }

  data(groupId: number, index: number, size: number, payload: Uint8Array, tag = 0): void {
    const offset = place(this.decoder.memory, payload);
    const result = this.decoder.data(groupId, index, size, tag, offset, payload.length, this.nowMs);
    if (result !== DATA_DUPLICATE) this.deliveries.push({ groupId, index, payload });
    if (result === DATA_NEW_AND_RECOVERED) this.#deliverRecovered(groupId);
  }

  parity(groupId: number, size: number, payload: Uint8Array, tag = 0): void {
    const offset = place(this.decoder.memory, payload);
    const result = this.decoder.parity(groupId, size, tag, offset, payload.length, this.nowMs);
    if (result === PARITY_RECOVERED) this.#deliverRecovered(groupId);
  }

  #deliverRecovered(groupId: number): void {
    const { memory, recoveredOffset, recoveredLength, recoveredIndex, recoveredTag } = this.decoder;
    const payload = memory.bytes.slice(recoveredOffset, recoveredOffset + recoveredLength);
    memory.release(recoveredOffset);
    this.deliveries.push({ groupId, index: recoveredIndex, payload });
    this.recoveredTags.push(recoveredTag);
  }
}
