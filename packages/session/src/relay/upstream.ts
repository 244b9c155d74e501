import { DESTINATION_ADMITTED, DESTINATION_REFUSED_BAN } from '@lightspeed/security';
import {
  DropReason,
  FLAG_FIN,
  FLAG_FRAGMENT,
  FLAG_HANDSHAKE,
  FLAG_KEEPALIVE,
  HEADER_BYTES,
  VERSION_FEC,
  VERSION_PLAIN,
  checkPacket,
  isParity,
  readDestinationIp,
  readDestinationPort,
  readFlags,
  readGroupSize,
  readSequence,
  readSourceIp,
  readSourcePort,
  readTimestampUs,
  readToken,
  readVersion,
  writeHeader,
} from '@lightspeed/wire';
import { answeringGroupSize } from '../group-size.ts';
import { NO_FLOW, PacketReader } from '../packet-reader.ts';
import type { PayloadSink } from '../packet-reader.ts';
import { SessionAdmission } from './admission.ts';
import { RelayCounter } from './relay-counters.ts';
import type { RelayPath } from './relay-path.ts';
import type { RelayFlow, RelaySession } from './relay-session.ts';
import type { RelayState } from './relay-state.ts';

/** An unverified session that guesses its token wrong so often was opened by somebody who did not get the answer. */
const WRONG_TOKENS_TO_CLOSE = 4;

/**
 * From a client to a game server. A datagram's way:
 *
 *  1. ban        is its address banned?
 *  2. session    which session has a path by its address? None, or a proof: does it open or join one?    SessionAdmission
 *  3. validity   is it a packet of the session's dialect?
 *  4. token      does it carry the session's?
 *  5. rate       is the client within its limits?
 *  6. kind       FIN, HANDSHAKE and KEEPALIVE are answered here; data and parity go on
 *  7. window     is it here for the first time?
 *  8. flow       where does it go? New: may it go there?                              policy, reflection guard
 *  9. FEC        what does it bring back?                                             PacketReader
 * 10. egress     payload to the server, in place, from the flow's socket
 */
export class Upstream implements PayloadSink {
  readonly #state: RelayState;
  readonly admission: SessionAdmission;
  readonly reader: PacketReader;
  /** Where the packet at hand came from, if no path has its address. */
  readonly #from = { ip: 0, port: 0, local: 0 };

  constructor(state: RelayState) {
    this.#state = state;
    this.admission = new SessionAdmission(state);
    this.reader = new PacketReader(state.memory, state.returns, this);
  }

  /** Handles `length` bytes at `offset` of the shared memory that came from a client's address to one of the node's. */
  handle(offset: number, length: number, ip: number, port: number, local: number): void {
    const state = this.#state;
    const { values } = state.counters;
    values[RelayCounter.clientPacketsReceived]++;
    values[RelayCounter.clientBytesReceived] += length;
    if (state.bans.size > 0 && this.#isBanned(ip)) return state.dropFromClient(DropReason.banned);
    let path = state.sessions.find(ip, port);
    if (path === null || this.admission.carriesProof(offset, length)) {
      if (path === null && state.forwarding.size > 0 && this.#forwardToOwner(offset, length, ip, port, local)) return;
      const from = this.#from;
      from.ip = ip;
      from.port = port;
      from.local = local;
      path = this.admission.admit(path, offset, length, from);
      if (path === null) return;
    }
    const refusal = this.#handleBound(path, offset, length, local);
    if (refusal !== 0) state.dropFromClient(refusal);
  }

  #isBanned(ip: number): boolean {
    const { addresses, bans, nowMs } = this.#state;
    return bans.isBanned(addresses.prefixHigh(ip), addresses.prefixLow(ip), nowMs);
  }

  #handleBound(path: RelayPath, offset: number, length: number, local: number): DropReason | 0 {
    const state = this.#state;
    const { bytes } = state;
    const { session } = path;
    const invalid = checkPacket(bytes, offset, length, session.dialect);
    if (invalid !== 0) return invalid;
    const flags = readFlags(bytes, offset);
    if ((flags & FLAG_FRAGMENT) !== 0) return DropReason.fragment;
    const token = readToken(bytes, offset);
    const isHandshake = (flags & (FLAG_HANDSHAKE | FLAG_FIN)) === FLAG_HANDSHAKE;
    if (token !== session.token && !(isHandshake && token === 0)) return this.#wrongToken(session);
    const overLimit = state.rateLimiter.admit(session.slot, length, state.nowMs);
    if (overLimit !== 0) return overLimit;
    state.amplification.received(session.slot, length);
    session.lastActivityMs = state.nowMs;
    path.lastHeardMs = state.nowMs;
    if (local !== path.local && local !== 0) state.sessions.moveLocal(path, local);
    if (flags === 0) return this.#handleData(path, offset, length);
    return this.#handleControl(path, flags, offset);
  }

  /** Whether another relay of this port has the address' session, and has got the datagram. */
  #forwardToOwner(offset: number, length: number, ip: number, port: number, local: number): boolean {
    const state = this.#state;
    const relay = state.forwarding.find(ip, port);
    if (relay < 0 || this.admission.carriesProof(offset, length)) return false;
    state.count(RelayCounter.forwarded);
    state.output.forward(relay, offset, length, ip, port, local);
    return true;
  }

  #wrongToken(session: RelaySession): DropReason {
    const state = this.#state;
    session.wrongTokens++;
    if (session.wrongTokens >= WRONG_TOKENS_TO_CLOSE && !state.amplification.isVerified(session.slot)) {
      state.closeSession(session);
      state.count(RelayCounter.sessionsClosed);
    }
    return DropReason.badToken;
  }

  #handleControl(path: RelayPath, flags: number, offset: number): DropReason | 0 {
    const state = this.#state;
    const { session } = path;
    if ((flags & FLAG_FIN) !== 0) {
      state.count(RelayCounter.fins);
      this.#answer(path, FLAG_FIN, offset);
      state.closeSession(session);
      state.count(RelayCounter.sessionsClosed);
      return 0;
    }
    if ((flags & FLAG_HANDSHAKE) !== 0) {
      state.count(RelayCounter.handshakes);
      this.#noteHandshake(session, offset);
      this.#answer(path, FLAG_HANDSHAKE, offset);
      return 0;
    }
    state.count(RelayCounter.keepalives);
    this.#noteTokenProof(session);
    this.#answer(path, FLAG_KEEPALIVE, offset);
    return 0;
  }

  /**
   * A client that starts over from the same port sends sequence 0 with a newer timestamp, and what it sends from then
   * on must not be taken for duplicates. The same HANDSHAKE again is a retransmission.
   */
  #noteHandshake(session: RelaySession, offset: number): void {
    const { bytes } = this.#state;
    const sequence = readSequence(bytes, offset);
    const timestampUs = readTimestampUs(bytes, offset);
    const first = session.handshakeSequence < 0;
    const newer = ((timestampUs - session.handshakeTimestampUs) | 0) > 0;
    if (!first && newer && sequence === 0) session.receiving.restart();
    if (first || newer) {
      session.handshakeSequence = sequence;
      session.handshakeTimestampUs = timestampUs;
    }
  }

  /** Only who gets what is sent to the address can know the token that the acknowledgement carried. */
  #noteTokenProof(session: RelaySession): void {
    if (session.dialect === 'standard') this.#state.amplification.setVerified(session.slot);
  }

  /** Sends the packet back as its own answer: flags, token, sequence, timestamp; addresses swapped; no payload. */
  #answer(path: RelayPath, flags: number, offset: number): void {
    const { bytes } = this.#state;
    writeHeader(
      bytes,
      offset,
      VERSION_PLAIN,
      flags,
      path.session.token,
      readSequence(bytes, offset),
      readTimestampUs(bytes, offset),
      readDestinationIp(bytes, offset),
      readDestinationPort(bytes, offset),
      readSourceIp(bytes, offset),
      readSourcePort(bytes, offset),
    );
    this.#state.sendTo(path, offset, HEADER_BYTES);
  }

  #handleData(path: RelayPath, offset: number, length: number): DropReason | 0 {
    const state = this.#state;
    const { bytes } = state;
    const { session } = path;
    this.#noteTokenProof(session);
    const seen = session.receiving.accept(readSequence(bytes, offset), state.nowMs);
    if (seen !== 0) return seen;
    const protectedByFec = readVersion(bytes, offset) === VERSION_FEC;
    const parity = protectedByFec && isParity(bytes, offset);
    if (!parity) session.primary = path;
    const serverIp = readDestinationIp(bytes, offset);
    const serverPort = readDestinationPort(bytes, offset);
    let flow: RelayFlow | null = null;
    if (!(parity && serverIp === 0 && serverPort === 0)) {
      const clientIp = readSourceIp(bytes, offset);
      const clientPort = readSourcePort(bytes, offset);
      flow = state.flows.findUp(session, clientIp, clientPort, serverIp, serverPort);
      if (flow === null) {
        flow = this.#openFlow(path, clientIp, clientPort, serverIp, serverPort);
        if (flow === null) return this.#flowRefusal;
      }
      flow.lastUpMs = state.nowMs;
      if (!parity) this.#followGroupSize(flow, protectedByFec ? readGroupSize(bytes, offset) : 0);
    }
    const duplicate = this.reader.read(
      session.receiving,
      session.dialect,
      flow === null ? NO_FLOW : flow.index,
      offset,
      length,
      state.nowMs,
    );
    if (duplicate !== 0) return duplicate;
    state.count(parity ? RelayCounter.parityPackets : RelayCounter.dataPackets);
    return 0;
  }

  /** Why the last flow was not opened. */
  #flowRefusal: DropReason = DropReason.flowLimit;

  #openFlow(path: RelayPath, clientIp: number, clientPort: number, serverIp: number, serverPort: number): RelayFlow | null {
    const state = this.#state;
    const { session } = path;
    const denied = state.policy.verdict(serverIp, serverPort);
    if (denied !== 0) return this.#refuseFlow(denied);
    if (session.flowCount >= state.options.maxFlowsPerSession) return this.#refuseFlow(DropReason.flowLimit);
    if (!knowsServer(session, serverIp, serverPort)) {
      const verdict = state.reflection.admitDestination(session.slot, state.nowMs);
      if (verdict === DESTINATION_REFUSED_BAN) state.banFor(path);
      if (verdict !== DESTINATION_ADMITTED) return this.#refuseFlow(DropReason.reflection);
    }
    const flow = state.flows.open(session, clientIp, clientPort, serverIp, serverPort, state.nowMs);
    if (flow === null) return this.#refuseFlow(DropReason.egressExhausted);
    state.count(RelayCounter.flowsOpened);
    return flow;
  }

  #refuseFlow(reason: DropReason): null {
    this.#flowRefusal = reason;
    return null;
  }

  /** The way back gets the protection that the client gives the way there. */
  #followGroupSize(flow: RelayFlow, groupSize: number): void {
    const size = answeringGroupSize(groupSize, flow.session.dialect);
    if (flow.groupSize !== size) this.#state.writer.setGroupSize(flow, size, this.#state.nowUs);
  }

  deliverPayload(flowIndex: number, offset: number, length: number): void {
    const state = this.#state;
    const flow = state.flows.at(flowIndex);
    if (flow === null) return;
    const { values } = state.counters;
    values[RelayCounter.serverPacketsSent]++;
    values[RelayCounter.serverBytesSent] += length;
    state.output.toServer(flow.egress, offset, length, flow.serverIp, flow.serverPort);
  }
}

function knowsServer(session: RelaySession, serverIp: number, serverPort: number): boolean {
  for (let flow = session.firstFlow; flow !== null; flow = flow.nextOfSession) {
    if (flow.serverIp === serverIp && flow.serverPort === serverPort) return true;
  }
  return false;
}
