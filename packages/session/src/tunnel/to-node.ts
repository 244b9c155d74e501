import { DropReason, MAX_V1_PAYLOAD_BYTES, SAFE_PAYLOAD_BYTES } from '@lightspeed/wire';
import { TunnelCounter } from './tunnel-counters.ts';
import type { TunnelFlow } from './tunnel-flow.ts';
import type { TunnelState } from './tunnel-state.ts';

/**
 * From a local program to the node. A datagram's way:
 *
 *  1. session      is it open?
 *  2. flow         which local program talks with which server?
 *  3. size         does it fit a usual packet?
 *  4. header, FEC  written into the headroom in front of the payload; parity behind each full group    PacketWriter
 *  5. node         packet to the node, in place
 */
export class ToNode {
  readonly #state: TunnelState;
  /** The flow of the last datagram: nearly always that of the next one too. */
  #latest: TunnelFlow | null = null;

  constructor(state: TunnelState) {
    this.#state = state;
  }

  handle(ingress: number, offset: number, length: number, localIp: number, localPort: number, serverIp: number, serverPort: number): void {
    const { values } = this.#state.counters;
    values[TunnelCounter.localPacketsReceived]++;
    values[TunnelCounter.localBytesReceived] += length;
    const refusal = this.#forward(ingress, offset, length, localIp, localPort, serverIp, serverPort);
    if (refusal !== 0) this.#state.dropFromLocal(refusal);
  }

  #forward(
    ingress: number,
    offset: number,
    length: number,
    localIp: number,
    localPort: number,
    serverIp: number,
    serverPort: number,
  ): DropReason | 0 {
    const state = this.#state;
    const { options, nowMs } = state;
    if (!state.carries) return DropReason.notEstablished;
    const flow = this.#flowFor(ingress, localIp, localPort, serverIp, serverPort);
    if (flow === null) return DropReason.flowLimit;
    flow.ingress = ingress;
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

  #flowFor(ingress: number, localIp: number, localPort: number, serverIp: number, serverPort: number): TunnelFlow | null {
    const state = this.#state;
    const latest = this.#latest;
    if (
      latest !== null &&
      latest.sourcePort === localPort &&
      latest.sourceIp === localIp &&
      latest.destinationIp === serverIp &&
      latest.destinationPort === serverPort &&
      state.flows.at(latest.index) === latest
    ) {
      return latest;
    }
    let flow = state.flows.find(localIp, localPort, serverIp, serverPort);
    if (flow === null) {
      flow = state.flows.open(state.sending, localIp, localPort, serverIp, serverPort, ingress, state.nowMs);
      if (flow !== null) state.writer.setGroupSize(flow, state.options.fecGroupSize, state.nowUs);
    }
    this.#latest = flow;
    return flow;
  }
}
