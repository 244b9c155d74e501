import { DATA_DUPLICATE, DATA_NEW_AND_RECOVERED, PARITY_RECOVERED } from '@lightspeed/fec';
import type { FecDecoder, FecMemory } from '@lightspeed/fec';
import type { Dialect } from '@lightspeed/wire';
import {
  DropReason,
  HEADER_BYTES,
  VERSION_PLAIN,
  fecHeaderBytes,
  isParity,
  readGroupId,
  readGroupIndex,
  readGroupSize,
  readVersion,
} from '@lightspeed/wire';
import type { BlockReturns } from './block-returns.ts';
import type { ReceiveState } from './receive-state.ts';

/** A flow's number where a packet names none, as the parity of some peers does. */
export const NO_FLOW = -1;

/** Where payloads go. */
export interface PayloadSink {
  /**
   * Delivers `length` bytes at `offset` of the shared memory to the far end of a flow. The bytes stay as they are until
   * the driver has said that they are sent.
   */
  deliverPayload(flowIndex: number, offset: number, length: number): void;
}

/**
 * Unwraps data and parity packets that are valid and were not seen before: payloads go to the sink, those that parity
 * brings back included. Shared by both ends (docs/protocol.md, FEC).
 */
export class PacketReader {
  readonly #bytes: Uint8Array;
  readonly #returns: BlockReturns;
  readonly #sink: PayloadSink;

  constructor(memory: FecMemory, returns: BlockReturns, sink: PayloadSink) {
    this.#bytes = memory.bytes;
    this.#returns = returns;
    this.#sink = sink;
  }

  /**
   * Unwraps the packet of `length` bytes at `offset`.
   * @param flowIndex the flow that its addresses name; NO_FLOW only for parity without addresses.
   * @param nowMs wrapping int32 clock in milliseconds.
   * @returns 0, or `DropReason.duplicate` for a data packet that parity has brought back before it came.
   */
  read(stream: ReceiveState, dialect: Dialect, flowIndex: number, offset: number, length: number, nowMs: number): DropReason | 0 {
    const bytes = this.#bytes;
    if (readVersion(bytes, offset) === VERSION_PLAIN) {
      this.#sink.deliverPayload(flowIndex, offset + HEADER_BYTES, length - HEADER_BYTES);
      return 0;
    }
    const decoder = stream.fecDecoder();
    const headerBytes = fecHeaderBytes(dialect);
    const payload = offset + headerBytes;
    const payloadBytes = length - headerBytes;
    const groupId = readGroupId(bytes, offset);
    const size = readGroupSize(bytes, offset);
    if (isParity(bytes, offset)) {
      const result = decoder.parity(groupId, size, flowIndex, payload, payloadBytes, nowMs);
      if (result === PARITY_RECOVERED) this.#deliverRecovered(decoder);
      return 0;
    }
    const index = readGroupIndex(bytes, offset);
    const result = decoder.data(groupId, index, size, flowIndex, payload, payloadBytes, nowMs);
    if (result === DATA_DUPLICATE) return DropReason.duplicate;
    this.#sink.deliverPayload(flowIndex, payload, payloadBytes);
    if (result === DATA_NEW_AND_RECOVERED) this.#deliverRecovered(decoder);
    return 0;
  }

  #deliverRecovered(decoder: FecDecoder): void {
    this.#sink.deliverPayload(decoder.recoveredTag, decoder.recoveredOffset, decoder.recoveredLength);
    this.#returns.afterSend(decoder.recoveredOffset);
  }
}
