import { DATA_DUPLICATE, DATA_LATE, DATA_NEW_AND_RECOVERED, GroupDecoder, PARITY_RECOVERED } from '@lightspeed/fec';
import type { FecMemory } from '@lightspeed/fec';
import { DropReason, fecHeaderBytes, isParity, readGroupId, readGroupIndex, readGroupSize } from '@lightspeed/wire';
import type { ArenaOffset, ByteLength, Dialect, FlowIndex, Milliseconds } from '@lightspeed/wire';
import type { BlockReturns } from './block-returns.ts';
import { FecTotals } from './fec-totals.ts';
import type { PayloadSink, ReceiveProtection } from './protection.ts';

/** What the protections of all sessions of a relay or tunnel share. */
export interface ReceiveSupply {
  readonly memory: FecMemory;
  readonly returns: BlockReturns;
  /** Gets the statistics of all of them, see {@link ReceiveProtection.tidy}. */
  readonly fecTotals: FecTotals;
  /** In whose name blocks are taken, see `FecMemory.take`. */
  readonly owner?: number;
}

/** Recovers from XOR groups (docs/protocol.md, FEC). */
export class XorGroupsReceiver implements ReceiveProtection {
  /** Nobody has agreed on anything: the peer just sends them. */
  readonly agreed = null;
  readonly #supply: ReceiveSupply;
  readonly #decoder: GroupDecoder;
  /** What of the decoder's statistics is in the totals. */
  readonly #counted = new FecTotals();

  constructor(supply: ReceiveSupply) {
    this.#supply = supply;
    this.#decoder = new GroupDecoder({ memory: supply.memory, isSequenced: true, owner: supply.owner ?? -1 });
  }

  take(
    sink: PayloadSink,
    dialect: Dialect,
    flowIndex: FlowIndex,
    offset: ArenaOffset,
    length: ByteLength,
    nowMs: Milliseconds,
  ): DropReason | 0 {
    const { bytes } = this.#supply.memory;
    const decoder = this.#decoder;
    const headerBytes = fecHeaderBytes(dialect);
    const payload = offset + headerBytes;
    const payloadBytes = length - headerBytes;
    const groupId = readGroupId(bytes, offset);
    const size = readGroupSize(bytes, offset);
    if (isParity(bytes, offset)) {
      const result = decoder.parity(groupId, size, flowIndex, payload, payloadBytes, nowMs);
      if (result === PARITY_RECOVERED) this.#deliverRecovered(sink);
      return 0;
    }
    const index = readGroupIndex(bytes, offset);
    const result = decoder.data(groupId, index, size, flowIndex, payload, payloadBytes, nowMs);
    if (result === DATA_DUPLICATE) return DropReason.duplicate;
    if (result === DATA_LATE) return 0;
    sink.deliverPayload(flowIndex, payload, payloadBytes);
    if (result === DATA_NEW_AND_RECOVERED) this.#deliverRecovered(sink);
    return 0;
  }

  get recovered(): number {
    return this.#decoder.recoveriesSettled;
  }

  tidy(nowMs: Milliseconds): void {
    this.#decoder.gc(nowMs);
    this.#count();
  }

  close(): void {
    this.#decoder.close();
    this.#count();
  }

  #deliverRecovered(sink: PayloadSink): void {
    const { recoveredTag, recoveredOffset, recoveredLength } = this.#decoder;
    sink.deliverPayload(recoveredTag, recoveredOffset, recoveredLength);
    this.#supply.returns.afterSend(recoveredOffset);
  }

  #count(): void {
    this.#supply.fecTotals.addGrowth(this.#decoder, this.#counted);
  }
}
