import type { FecMemory } from '@lightspeed/fec';
import { BLOCKS_ALONE, BLOCKS_HEADER_BYTES, VERSION_FEC, writeBlocksExtension, OUTER_BYTES } from '@lightspeed/wire';
import type { ByteLength } from '@lightspeed/wire';
import type { RedundancyGate, RepeatSupply } from '../repeats/repeated-flow.ts';
import { SendFlow } from '../send-flow.ts';
import type { SendState } from '../send-flow.ts';

/** Sends packets with one block that concerns no flow: a report, or a request. Their addresses are 0. */
export class SingleBlocks {
  readonly #memory: FecMemory;
  readonly #supply: RepeatSupply;
  readonly #session: SendState;
  readonly #flow: SendFlow;
  readonly #gate: RedundancyGate;

  constructor(session: SendState, supply: RepeatSupply, gate: RedundancyGate) {
    this.#memory = supply.memory;
    this.#supply = supply;
    this.#session = session;
    this.#flow = new SendFlow(session, 0, 0, 0, 0);
    this.#gate = gate;
  }

  /** Takes memory for a block. @returns where it is to be written, for {@link send}; -1 if there is none. */
  take(): number {
    return this.#memory.take(this.#session.owner);
  }

  /** Sends the block of `length` bytes, and gives its memory back. */
  send(block: number, length: ByteLength): void {
    const { nowMs, nowUs, returns, wrapper } = this.#supply;
    const { sequence, tagBytes } = this.#session;
    const start = block - BLOCKS_HEADER_BYTES;
    const packetBytes = BLOCKS_HEADER_BYTES + length;
    wrapper.writeHeader(this.#flow, start, VERSION_FEC, nowUs);
    writeBlocksExtension(this.#memory.bytes, start, BLOCKS_ALONE, 0, 1);
    const wireBytes = OUTER_BYTES + tagBytes + packetBytes;
    if (wrapper.sink.sendPacket(this.#flow, start, packetBytes, true)) this.#gate.sent(nowMs, sequence, 0, wireBytes, wireBytes);
    returns.afterSend(block);
  }
}
