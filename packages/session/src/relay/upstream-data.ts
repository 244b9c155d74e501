import { DESTINATION_ADMITTED, DESTINATION_REFUSED_BAN } from '@lightspeed/security';
import { DropReason, readDestinationIp, readDestinationPort, readGroupSize, readSourceIp, readSourcePort } from '@lightspeed/wire';
import type { AddressHandle, ArenaOffset, ByteLength, FlowIndex, Port } from '@lightspeed/wire';
import { answeringGroupSize } from '../group-size.ts';
import { NO_FLOW } from '../protection/protection.ts';
import { PacketKind, hasPayloadBlocks, isRedundant } from '../protection/session-packet.ts';
import type { PayloadSink } from '../protection/protection.ts';
import { FLOW_ASKED } from './flow-marks.ts';
import type { FlowTable } from './flow-table.ts';
import type { Misuse } from './misuse.ts';
import { RelayCounter } from './relay-counters.ts';
import type { RelayParts } from './relay-parts.ts';
import type { RelayFlow, RelayPath, RelaySession } from './relay-session.ts';
import type { RelaySessionLifecycle } from './relay-session-lifecycle.ts';

/** What {@link UpstreamData} takes of a relay. */
export interface UpstreamDataParts extends Pick<
  RelayParts,
  'bytes' | 'clock' | 'counters' | 'limits' | 'options' | 'output' | 'policy' | 'refusals' | 'shares'
> {
  readonly flows: FlowTable;
  readonly lifecycle: RelaySessionLifecycle;
  readonly misuse: Misuse;
}

/** Data and parity of a session: steps 8 to 11 of a datagram's way to a game server, see `upstream.ts`. */
export class UpstreamData implements PayloadSink {
  readonly #parts: UpstreamDataParts;
  /** Why the last flow was not opened. */
  #flowRefusal: DropReason = DropReason.flowLimit;

  constructor(parts: UpstreamDataParts) {
    this.#parts = parts;
  }

  /** Handles a valid packet with the session's token, within its limits. @returns 0, or why it goes no further. */
  handle(path: RelayPath, kind: PacketKind, offset: ArenaOffset, length: ByteLength, isTagged: boolean): DropReason | 0 {
    const { bytes, clock, counters, flows, lifecycle } = this.#parts;
    const { session } = path;
    if (!session.isVerified && session.dialect === 'standard') lifecycle.noteToken(path);
    const seen = session.receiving.acceptPacket(kind, offset, path.number, clock, isTagged);
    if (seen !== 0) return seen;
    const redundant = isRedundant(kind);
    if (!redundant && session.primary !== path && lifecycle.mayLead(path)) lifecycle.setPrimary(path);
    const serverIp = readDestinationIp(bytes, offset);
    const serverPort = readDestinationPort(bytes, offset);
    let flow: RelayFlow | null = null;
    const hasFlow = kind === PacketKind.alone ? hasPayloadBlocks(bytes, offset) : !(redundant && serverIp === 0 && serverPort === 0);
    if (hasFlow) {
      const clientIp = readSourceIp(bytes, offset);
      const clientPort = readSourcePort(bytes, offset);
      flow = flows.findUp(session, clientIp, clientPort, serverIp, serverPort);
      if (flow === null) {
        flow = this.#openFlow(path, isTagged, clientIp, clientPort, serverIp, serverPort);
        if (flow === null) {
          this.#parts.refusals.noteDestination(session, serverIp, serverPort, this.#flowRefusal);
          return this.#flowRefusal;
        }
      }
      if ((flow.marks & FLOW_ASKED) === 0 && !this.#ask(path, isTagged, flow)) {
        this.#parts.refusals.noteDestination(session, serverIp, serverPort, this.#flowRefusal);
        return this.#flowRefusal;
      }
      flow.lastUpMs = clock.nowMs;
      if (kind <= PacketKind.grouped) this.#followGroupSize(flow, kind === PacketKind.grouped ? readGroupSize(bytes, offset) : 0);
    }
    const flowIndex = flow === null ? NO_FLOW : flow.index;
    const duplicate = session.receiving.read(this, session.dialect, flowIndex, offset, length, clock.nowMs);
    if (duplicate !== 0) return duplicate;
    counters.values[redundant ? RelayCounter.parityPackets : RelayCounter.dataPackets]++;
    return 0;
  }

  #openFlow(
    path: RelayPath,
    isTagged: boolean,
    clientIp: AddressHandle,
    clientPort: Port,
    serverIp: AddressHandle,
    serverPort: Port,
  ): RelayFlow | null {
    const { clock, counters, flows, options, policy } = this.#parts;
    const { session } = path;
    const denied = policy.verdict(serverIp, serverPort);
    if (denied !== 0) return this.#refuseFlow(denied);
    if (session.flowCount >= options.maxFlowsPerSession && !this.#makeRoom(session)) return this.#refuseFlow(DropReason.flowLimit);
    if (!this.#admitsServer(path, isTagged, serverIp, serverPort)) return null;
    let flow = flows.open(session, clientIp, clientPort, serverIp, serverPort, clock.nowMs);
    if (flow === null && this.#makeRoom(session)) flow = flows.open(session, clientIp, clientPort, serverIp, serverPort, clock.nowMs);
    if (flow === null) return this.#refuseFlow(DropReason.egressExhausted);
    counters.values[RelayCounter.flowsOpened]++;
    return flow;
  }

  /** A client answers somebody who has sent first: to the limit of new servers, that is one more. @returns whether it may */
  #ask(path: RelayPath, isTagged: boolean, flow: RelayFlow): boolean {
    if (!this.#admitsServer(path, isTagged, flow.serverIp, flow.serverPort)) return false;
    flow.marks |= FLOW_ASKED;
    path.session.isChanged = true;
    return true;
  }

  #admitsServer(path: RelayPath, isTagged: boolean, serverIp: AddressHandle, serverPort: Port): boolean {
    const { clock, limits, misuse } = this.#parts;
    if (knowsServer(path.session, serverIp, serverPort)) return true;
    const verdict = limits.admitDestination(path.session.slot, clock.nowMs);
    if (verdict === DESTINATION_REFUSED_BAN) misuse.punish(path, isTagged);
    if (verdict === DESTINATION_ADMITTED) return true;
    this.#flowRefusal = DropReason.reflection;
    return false;
  }

  /** The session's flow that was idle for longest gives way to a new one, unless it is in use. @returns whether there was one. */
  #makeRoom(session: RelaySession): boolean {
    const { clock, counters, flows, shares } = this.#parts;
    if (!flows.closeLongestIdle(session, shares.shortestIdleMs, clock.nowMs)) return false;
    counters.values[RelayCounter.flowsGaveWay]++;
    return true;
  }

  #refuseFlow(reason: DropReason): null {
    this.#flowRefusal = reason;
    return null;
  }

  /** The way back gets the protection that the client gives the way there. */
  #followGroupSize(flow: RelayFlow, groupSize: number): void {
    const size = answeringGroupSize(groupSize, flow.session.dialect);
    if (flow.groupSize !== size) this.#parts.flows.setGroupSize(flow, size, this.#parts.clock.nowUs);
  }

  deliverPayload(flowIndex: FlowIndex, offset: ArenaOffset, length: ByteLength): void {
    const { counters, flows, output } = this.#parts;
    const flow = flows.at(flowIndex);
    if (flow === null) return;
    const { values } = counters;
    values[RelayCounter.serverPacketsSent]++;
    values[RelayCounter.serverBytesSent] += length;
    output.toServer(flow.egress, offset, length, flow.serverIp, flow.serverPort);
  }
}

function knowsServer(session: RelaySession, serverIp: AddressHandle, serverPort: Port): boolean {
  for (let flow = session.firstFlow; flow !== null; flow = flow.nextOfSession) {
    if (flow.serverIp === serverIp && flow.serverPort === serverPort && (flow.marks & FLOW_ASKED) !== 0) return true;
  }
  return false;
}
