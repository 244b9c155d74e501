import { DropReason, MAX_V1_PAYLOAD_BYTES, SAFE_PAYLOAD_BYTES } from '@lightspeed/wire';
import type { ArenaOffset, ByteLength } from '@lightspeed/wire';
import { TunnelCounter } from './tunnel-counters.ts';
import type { LocalFlow, TunnelFlow } from './tunnel-flow.ts';
import type { TunnelState } from './tunnel-state.ts';

/**
 * From a local program to the node. A datagram's way:
 *
 *  1. session      is it open?
 *  2. flow         does this tunnel know it already?
 *  3. size         does it fit a usual packet?
 *  4. header, FEC  written into the headroom in front of the payload; parity behind each full group    PacketWriter
 *  5. node         packet to the node, in place
 */
export class ToNode {
  readonly #state: TunnelState;

  constructor(state: TunnelState) {
    this.#state = state;
  }

  handle(local: LocalFlow, offset: ArenaOffset, length: ByteLength): void {
    const { values } = this.#state.counters;
    values[TunnelCounter.localPacketsReceived]++;
    values[TunnelCounter.localBytesReceived] += length;
    const refusal = this.#forward(local, offset, length);
    if (refusal !== 0) this.#state.dropFromLocal(refusal);
  }

  #forward(local: LocalFlow, offset: ArenaOffset, length: ByteLength): DropReason | 0 {
    const state = this.#state;
    const { options, nowMs } = state;
    if (!state.carries) return DropReason.notEstablished;
    const flow = this.#flowFor(local);
    if (flow === null) return DropReason.flowLimit;
    flow.lastActivityMs = nowMs;
    if (length > SAFE_PAYLOAD_BYTES) {
      if (!flow.oversizeSeen) {
        flow.oversizeSeen = true;
        state.counters.values[TunnelCounter.oversizeFlows]++;
      }
      if (length > MAX_V1_PAYLOAD_BYTES && options.oversize === 'drop') return DropReason.oversize;
    }
    state.writer.send(flow, offset, length, nowMs, state.nowUs);
    return 0;
  }

  #flowFor(local: LocalFlow): TunnelFlow | null {
    const { flows, sending, writer, options, nowMs, nowUs } = this.#state;
    const { carried } = local;
    if (carried !== null && carried.table === flows) return carried;
    let flow = flows.find(local.sourceIp, local.sourcePort, local.destinationIp, local.destinationPort);
    if (flow === null) {
      flow = flows.open(sending, local, nowMs);
      if (flow !== null) writer.setGroupSize(flow, options.fecGroupSize, nowUs);
    } else {
      flow.local = local;
    }
    local.carried = flow;
    return flow;
  }
}
