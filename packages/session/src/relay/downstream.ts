import { DropReason, MAX_CARRIED_PAYLOAD_BYTES, MAX_V1_PAYLOAD_BYTES, SAFE_PAYLOAD_BYTES } from '@lightspeed/wire';
import type { AddressHandle, ArenaOffset, ByteLength, EgressId, Port } from '@lightspeed/wire';
import type { PacketWriter } from '../packet-writer.ts';
import type { EgressAllocator } from './egress-allocator.ts';
import { FLOW_ASKED, FLOW_OVERSIZE } from './flow-marks.ts';
import type { FlowTable } from './flow-table.ts';
import { RelayCounter } from './relay-counters.ts';
import type { RelayParts } from './relay-parts.ts';
import type { RelayFlow } from './relay-session.ts';
import { REFUSED_DOWN } from './session-refusals.ts';

/** What {@link Downstream} takes of a relay. */
export interface DownstreamParts extends Pick<RelayParts, 'clock' | 'counters' | 'limits' | 'options' | 'policy' | 'refusals'> {
  readonly egress: EgressAllocator;
  readonly flows: FlowTable;
  readonly writer: PacketWriter;
}

/**
 * From a game server to a client. A datagram's way:
 *
 *  1. flow           which one has this egress socket and this server? None: does the client hear anybody?
 *  2. solicited      has the client sent to the server lately?
 *  3. size           does it fit a usual packet?
 *  4. rate           is the client within its limits? Who was not asked leaves half of them
 *  5. header, FEC    written into the headroom in front of the payload; parity behind each full group    PacketWriter
 *  6. amplification  may the client's address get that much?                                             ClientSender
 *  7. data plane     packet to the client, in place
 */
export class Downstream {
  readonly #parts: DownstreamParts;

  constructor(parts: DownstreamParts) {
    this.#parts = parts;
  }

  /**
   * Handles a datagram that came from a server's address to an egress socket. It is `length` bytes at `offset` of the
   * shared memory, with 128 bytes of headroom in front.
   */
  handle(egress: EgressId, offset: ArenaOffset, length: ByteLength, ip: AddressHandle, port: Port): void {
    const refusal = this.#forward(egress, offset, length, ip, port);
    if (refusal !== 0) this.#parts.counters.serverDrops[refusal]++;
  }

  #forward(egress: EgressId, offset: ArenaOffset, length: ByteLength, ip: AddressHandle, port: Port): DropReason | 0 {
    const { clock, counters, flows, limits, options, writer } = this.#parts;
    const { values } = counters;
    const { nowMs } = clock;
    values[RelayCounter.serverPacketsReceived]++;
    values[RelayCounter.serverBytesReceived] += length;
    const flow = flows.findDown(egress, ip, port) ?? this.#openForAnySource(egress, ip, port);
    if (flow === null || ((nowMs - flow.lastUpMs) | 0) > options.flowTimeoutMs) return DropReason.unsolicited;
    if (flow.session.primary === null) return DropReason.notEstablished;
    if (length > SAFE_PAYLOAD_BYTES) {
      if ((flow.marks & FLOW_OVERSIZE) === 0) {
        flow.marks |= FLOW_OVERSIZE;
        values[RelayCounter.oversizeFlows]++;
      }
      if (length > MAX_CARRIED_PAYLOAD_BYTES) return this.#refuse(flow, DropReason.truncated);
      if (length > MAX_V1_PAYLOAD_BYTES - flow.session.tagBytes && options.oversize === 'drop') {
        return this.#refuse(flow, DropReason.oversize);
      }
    }
    if ((flow.marks & FLOW_ASKED) === 0 && !limits.hasSpareDownstream(flow.session.slot, nowMs))
      return this.#refuse(flow, DropReason.ratePackets);
    const overLimit = limits.admitDownstream(flow.session.slot, length, nowMs);
    if (overLimit !== 0) return this.#refuse(flow, overLimit);
    if (!writer.send(flow, offset, length, nowMs, clock.nowUs)) return this.#refuse(flow, DropReason.amplification);
    flow.session.lastActivityMs = nowMs;
    return 0;
  }

  /** The client is told of it, if it wants. */
  #refuse({ session }: RelayFlow, reason: DropReason): DropReason {
    this.#parts.refusals.note(session, REFUSED_DOWN, reason);
    return reason;
  }

  /**
   * A flow for somebody to whom the client has not sent, if it has asked to hear such. It lasts as long as the client sends from the
   * same source to anybody, at the most. At most half of a session's flows are opened so: others must not take all.
   */
  #openForAnySource(egress: EgressId, ip: AddressHandle, port: Port): RelayFlow | null {
    const { clock, counters, flows, options, policy } = this.#parts;
    // Most nodes: then what strangers send to a session's own socket costs no walk through its flows.
    if (options.egressFiltering !== 'endpoint-independent') return null;
    const asked = this.#parts.egress.latestFlowOf(egress);
    if (asked === null || !this.#parts.egress.hearsAnySource(asked.session)) return null;
    const { session, clientIp, clientPort, lastUpMs } = asked;
    if (((clock.nowMs - lastUpMs) | 0) > options.flowTimeoutMs || policy.verdict(ip, port) !== 0) return null;
    if (session.flowCount >= options.maxFlowsPerSession >> 1) return null;
    const flow = flows.open(session, clientIp, clientPort, ip, port, lastUpMs);
    if (flow === null) return null;
    flow.marks &= ~FLOW_ASKED;
    counters.values[RelayCounter.flowsOpened]++;
    return flow;
  }
}
