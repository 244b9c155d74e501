import {
  DropReason,
  FLAG_FRAGMENT,
  TAG_BYTES,
  readDestinationIp,
  readDestinationPort,
  readFlags,
  readSourceIp,
  readSourcePort,
  readToken,
} from '@lightspeed/wire';
import type { AddressHandle, ArenaOffset, ByteLength, FlowIndex, PathNumber, Port } from '@lightspeed/wire';
import { UNTAGGED } from '../tags/packet-tags.ts';
import { PacketKind, hasPayloadBlocks, checkSessionPacket, isRedundant, kindOf } from '../protection/session-packet.ts';
import { NO_FLOW } from '../protection/protection.ts';
import type { PayloadSink } from '../protection/protection.ts';
import type { SessionLifecycle } from './session-lifecycle.ts';
import type { PathLink } from './path-link.ts';
import { PathCounter, TunnelCounter, pathCounter } from './tunnel-counters.ts';
import type { TunnelFlow, TunnelFlowTable } from './tunnel-flow.ts';
import type { TunnelParts } from './tunnel-parts.ts';
import type { TunnelTags } from './tunnel-tags.ts';

/** What {@link FromNode} takes of a tunnel. */
export interface FromNodeParts extends Pick<
  TunnelParts,
  'bytes' | 'clock' | 'counters' | 'links' | 'options' | 'output' | 'receiving' | 'sending' | 'state'
> {
  readonly flows: TunnelFlowTable;
  readonly lifecycle: SessionLifecycle;
  readonly tags: TunnelTags;
}

/**
 * From the node to a local program. A datagram's way:
 *
 *  1. source     is it the node's address?
 *  2. tag        is it right, where the session has tags?            TunnelTags
 *  3. validity   is it a packet of the session's dialect?
 *  4. kind       FIN, HANDSHAKE and KEEPALIVE are the SessionLifecycle's; data and parity go on
 *  5. token      does it carry the session's?
 *  6. window     is it here for the first time?
 *  7. flow       which local program and server are its addresses?
 *  8. FEC        what does it bring back?                            ReceiveState
 *  9. ingress    payload to the program, in place, from the ingress that it used
 */
export class FromNode implements PayloadSink {
  readonly #parts: FromNodeParts;

  constructor(parts: FromNodeParts) {
    this.#parts = parts;
  }

  /** Handles a datagram that came in on the socket of one of the paths. */
  handle(path: PathNumber, offset: ArenaOffset, length: ByteLength, ip: AddressHandle, port: Port): void {
    const { counters, links } = this.#parts;
    const { values } = counters;
    values[TunnelCounter.nodePacketsReceived]++;
    values[TunnelCounter.nodeBytesReceived] += length;
    const refusal = this.#takeTag(links.all[path], offset, length, ip, port);
    if (refusal !== 0) counters.nodeDrops[refusal]++;
  }

  #takeTag(link: PathLink, offset: ArenaOffset, length: ByteLength, ip: AddressHandle, port: Port): DropReason | 0 {
    if (ip !== link.nodeIp || port !== link.nodePort) return DropReason.unexpectedSource;
    const tagged = this.#parts.tags.take(link, offset, length);
    if (tagged !== 0 && tagged !== UNTAGGED) return tagged;
    const added = tagged === 0 ? TAG_BYTES : 0;
    return this.#accept(link, offset + added, length - added, tagged === 0);
  }

  #accept(link: PathLink, offset: ArenaOffset, length: ByteLength, isTagged: boolean): DropReason | 0 {
    const { bytes, clock, counters, lifecycle, options, receiving, sending, state, tags } = this.#parts;
    const { dialect } = options;
    const isAgreed = receiving.agreed !== null;
    const invalid = checkSessionPacket(bytes, offset, length, dialect, isAgreed);
    if (invalid !== 0) return invalid;
    const flags = readFlags(bytes, offset);
    if ((flags & FLAG_FRAGMENT) !== 0) return DropReason.fragment;
    const token = readToken(bytes, offset);
    const { values } = counters;
    values[pathCounter(link.number, PathCounter.packetsReceived)]++;
    if (flags !== 0) return lifecycle.handleControl(link, flags, offset, length, isTagged);
    if (!state.carries) return DropReason.notEstablished;
    if (token !== sending.token && !(token === 0 && dialect === 'reference')) return tags.noteWrongToken();
    link.noteHeard(clock.nowMs);
    const kind = kindOf(bytes, offset, length, isAgreed);
    const seen = receiving.acceptPacket(kind, offset, link.number, clock, isTagged);
    if (seen !== 0) return seen;
    values[pathCounter(link.number, PathCounter.firstArrivals)]++;
    return this.#read(kind, offset, length);
  }

  #read(kind: PacketKind, offset: ArenaOffset, length: ByteLength): DropReason | 0 {
    const { bytes, clock, counters, flows, options, receiving } = this.#parts;
    const redundant = isRedundant(kind);
    const serverIp = readSourceIp(bytes, offset);
    let flow: TunnelFlow | null = null;
    const hasFlow = kind === PacketKind.alone ? hasPayloadBlocks(bytes, offset) : !(redundant && serverIp === 0);
    if (hasFlow) {
      const serverPort = readSourcePort(bytes, offset);
      flow = flows.find(readDestinationIp(bytes, offset), readDestinationPort(bytes, offset), serverIp, serverPort);
      // Deployed nodes of that dialect name the tunnel's own address in place of the program's.
      if (flow === null && options.dialect === 'reference') flow = flows.findLatest(serverIp, serverPort);
      if (flow === null && options.hearsAnySource) flow = this.#openForOther(offset);
      if (flow === null) return DropReason.unknownFlow;
      flow.lastActivityMs = clock.nowMs;
    }
    const flowIndex = flow === null ? NO_FLOW : flow.index;
    const duplicate = receiving.read(this, options.dialect, flowIndex, offset, length, clock.nowMs);
    if (duplicate !== 0) return duplicate;
    counters.values[redundant ? TunnelCounter.parityPackets : TunnelCounter.dataPackets]++;
    return 0;
  }

  /** A packet of somebody to whom no program has sent: its program is the one that it names. */
  #openForOther(offset: ArenaOffset): TunnelFlow | null {
    const { bytes, clock, flows, output, sending } = this.#parts;
    const asked = flows.findLatestOf(readDestinationIp(bytes, offset), readDestinationPort(bytes, offset));
    if (asked === null) return null;
    const local = output.otherSource?.(asked.local, readSourceIp(bytes, offset), readSourcePort(bytes, offset)) ?? null;
    if (local === null) return null;
    const flow = flows.open(sending, local, clock.nowMs);
    local.carried = flow;
    return flow;
  }

  deliverPayload(flowIndex: FlowIndex, offset: ArenaOffset, length: ByteLength): void {
    const { counters, flows, output } = this.#parts;
    const flow = flows.at(flowIndex);
    if (flow === null) return;
    const { values } = counters;
    values[TunnelCounter.localPacketsSent]++;
    values[TunnelCounter.localBytesSent] += length;
    output.toLocal(flow.local, offset, length);
  }
}
