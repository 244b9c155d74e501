import {
  DropReason,
  FLAG_FRAGMENT,
  VERSION_FEC,
  checkPacket,
  isParity,
  readDestinationIp,
  readDestinationPort,
  readFlags,
  readSequence,
  readSourceIp,
  readSourcePort,
  readTimestampUs,
  readToken,
  readVersion,
} from '@lightspeed/wire';
import type { AddressHandle, ArenaOffset, ByteLength, FlowIndex, PathNumber, Port } from '@lightspeed/wire';
import { NO_FLOW } from '../protection/protection.ts';
import type { PayloadSink } from '../protection/protection.ts';
import type { SessionLifecycle } from './session-lifecycle.ts';
import type { PathLink } from './path-link.ts';
import { PathCounter, TunnelCounter, pathCounter } from './tunnel-counters.ts';
import type { TunnelFlow } from './tunnel-flow.ts';
import type { TunnelState } from './tunnel-state.ts';

/**
 * From the node to a local program. A datagram's way:
 *
 *  1. source     is it the node's address?
 *  2. validity   is it a packet of the session's dialect?
 *  3. kind       FIN, HANDSHAKE and KEEPALIVE are the SessionLifecycle's; data and parity go on
 *  4. token      does it carry the session's?
 *  5. window     is it here for the first time?
 *  6. flow       which local program and server are its addresses?
 *  7. FEC        what does it bring back?                            ReceiveState
 *  8. ingress   payload to the program, in place, from the ingress that it used
 */
export class FromNode implements PayloadSink {
  readonly #state: TunnelState;
  readonly #lifecycle: SessionLifecycle;

  constructor(state: TunnelState, lifecycle: SessionLifecycle) {
    this.#state = state;
    this.#lifecycle = lifecycle;
  }

  /** Handles a datagram that came in on the socket of one of the paths. */
  handle(path: PathNumber, offset: ArenaOffset, length: ByteLength, ip: AddressHandle, port: Port): void {
    const { values } = this.#state.counters;
    values[TunnelCounter.nodePacketsReceived]++;
    values[TunnelCounter.nodeBytesReceived] += length;
    const refusal = this.#accept(this.#state.links[path], offset, length, ip, port);
    if (refusal !== 0) this.#state.dropFromNode(refusal);
  }

  #accept(link: PathLink, offset: ArenaOffset, length: ByteLength, ip: AddressHandle, port: Port): DropReason | 0 {
    const state = this.#state;
    const { bytes } = state;
    const { dialect } = state.options;
    if (ip !== link.nodeIp || port !== link.nodePort) return DropReason.unexpectedSource;
    const invalid = checkPacket(bytes, offset, length, dialect);
    if (invalid !== 0) return invalid;
    const flags = readFlags(bytes, offset);
    if ((flags & FLAG_FRAGMENT) !== 0) return DropReason.fragment;
    const token = readToken(bytes, offset);
    const { values } = state.counters;
    values[pathCounter(link.number, PathCounter.packetsReceived)]++;
    if (flags !== 0) return this.#lifecycle.handleControl(link, flags, readSequence(bytes, offset), token);
    if (!state.carries) return DropReason.notEstablished;
    if (token !== state.sending.token && !(token === 0 && dialect === 'reference')) return DropReason.badToken;
    link.noteHeard(state.nowMs);
    const seen = state.receiving.accept(readSequence(bytes, offset), readTimestampUs(bytes, offset), state.nowMs, false);
    if (seen !== 0) return seen;
    values[pathCounter(link.number, PathCounter.firstArrivals)]++;
    return this.#read(offset, length);
  }

  #read(offset: ArenaOffset, length: ByteLength): DropReason | 0 {
    const state = this.#state;
    const { bytes, nowMs } = state;
    const parity = readVersion(bytes, offset) === VERSION_FEC && isParity(bytes, offset);
    const serverIp = readSourceIp(bytes, offset);
    let flow: TunnelFlow | null = null;
    if (!(parity && serverIp === 0)) {
      flow = state.flows.find(
        readDestinationIp(bytes, offset),
        readDestinationPort(bytes, offset),
        serverIp,
        readSourcePort(bytes, offset),
      );
      if (flow === null) return DropReason.unknownFlow;
      flow.lastActivityMs = nowMs;
    }
    const flowIndex = flow === null ? NO_FLOW : flow.index;
    const duplicate = state.receiving.read(this, state.options.dialect, flowIndex, offset, length, nowMs);
    if (duplicate !== 0) return duplicate;
    state.counters.values[parity ? TunnelCounter.parityPackets : TunnelCounter.dataPackets]++;
    return 0;
  }

  deliverPayload(flowIndex: FlowIndex, offset: ArenaOffset, length: ByteLength): void {
    const state = this.#state;
    const flow = state.flows.at(flowIndex);
    if (flow === null) return;
    const { values } = state.counters;
    values[TunnelCounter.localPacketsSent]++;
    values[TunnelCounter.localBytesSent] += length;
    state.output.toLocal(flow.local, offset, length);
  }
}
