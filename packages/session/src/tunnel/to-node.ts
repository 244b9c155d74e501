import { DropReason, MAX_CARRIED_PAYLOAD_BYTES, MAX_V1_PAYLOAD_BYTES, SAFE_PAYLOAD_BYTES } from '@lightspeed/wire';
import type { ArenaOffset, ByteLength } from '@lightspeed/wire';
import type { PacketWriter } from '../packet-writer.ts';
import { TunnelCounter } from './tunnel-counters.ts';
import type { LocalFlow, TunnelFlow, TunnelFlowTable } from './tunnel-flow.ts';
import type { TunnelProtection } from './tunnel-protection.ts';
import type { TunnelParts } from './tunnel-parts.ts';

/** What {@link ToNode} takes of a tunnel. */
export interface ToNodeParts extends Pick<TunnelParts, 'clock' | 'counters' | 'options' | 'sending' | 'state'> {
  readonly flows: TunnelFlowTable;
  readonly protection: TunnelProtection;
  readonly writer: PacketWriter;
}

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
  readonly #parts: ToNodeParts;

  constructor(parts: ToNodeParts) {
    this.#parts = parts;
  }

  handle(local: LocalFlow, offset: ArenaOffset, length: ByteLength): void {
    const { counters } = this.#parts;
    const { values } = counters;
    values[TunnelCounter.localPacketsReceived]++;
    values[TunnelCounter.localBytesReceived] += length;
    const refusal = this.#forward(local, offset, length);
    if (refusal !== 0) counters.localDrops[refusal]++;
  }

  #forward(local: LocalFlow, offset: ArenaOffset, length: ByteLength): DropReason | 0 {
    const { clock, counters, flows, options, sending, state, writer } = this.#parts;
    if (!state.carries) return DropReason.notEstablished;
    const flow = this.#flowFor(local);
    if (flow === null) return DropReason.flowLimit;
    flow.lastActivityMs = clock.nowMs;
    flow.lastTurn = flows.nextTurn();
    if (length > SAFE_PAYLOAD_BYTES) {
      if (!flow.oversizeSeen) {
        flow.oversizeSeen = true;
        counters.values[TunnelCounter.oversizeFlows]++;
      }
      if (length > MAX_CARRIED_PAYLOAD_BYTES) return DropReason.truncated;
      if (length > MAX_V1_PAYLOAD_BYTES - sending.tagBytes && options.oversize === 'drop') return DropReason.oversize;
    }
    writer.send(flow, offset, length, clock.nowMs, clock.nowUs);
    return 0;
  }

  #flowFor(local: LocalFlow): TunnelFlow | null {
    const { clock, flows, protection, sending } = this.#parts;
    const { carried } = local;
    if (carried !== null && carried.table === flows) return carried;
    let flow = flows.find(local.sourceIp, local.sourcePort, local.destinationIp, local.destinationPort);
    if (flow === null) {
      flow = flows.open(sending, local, clock.nowMs);
      if (flow !== null) protection.protect(flow);
    } else {
      flow.local = local;
    }
    local.carried = flow;
    return flow;
  }
}
