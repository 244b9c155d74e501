import type { AmplificationCredit, ProofNoncesState } from '@lightspeed/security';
import type {
  AddressHandle,
  Dialect,
  EgressId,
  FlowIndex,
  Microseconds,
  Milliseconds,
  PathNumber,
  Port,
  SequenceNumber,
  SessionSlot,
  SessionToken,
} from '@lightspeed/wire';
import type { ReceiveState } from '../receive-state.ts';
import type { MultipathMode } from '../base/multipath.ts';
import { SendFlow, SendState } from '../protection/send-flow.ts';
import type { AddressPrefix } from './address-prefix.ts';
import type { CarriedFlow, CarriedPath } from './carried-flow.ts';
import type { ClientAddress } from './client-address.ts';
import { FLOW_ASKED } from './flow-marks.ts';

/** The registration that a session belongs to, as the session sees it. Its prefix is that of the address which registered. */
export interface SessionRegistration extends AddressPrefix {
  readonly sessionId: number;
  /** Its place in the memory of the claims; -1 without one. */
  readonly index: number;
  /** Its account, 24 bits; -1 if that is its prefix. */
  readonly account: number;
  readonly nonces: ProofNoncesState;
  /** Whether its client answers challenges, and whether it wants reports. */
  readonly answersChallenges: boolean;
  readonly wantsReports: boolean;
  /** Whether its client asks to hear whoever sends to its public addresses. */
  readonly hearsAnySource: boolean;
  /** The nonce of the proof that opened its session, as far as there was one. */
  readonly openingNonce: bigint;
  /** The session that it has, if any. */
  session: RelaySession | null;
}

const IS_VERIFIED = 1;
const IS_PROVED = 2;
const IS_CHANGED = 4;
const HAS_HANDSHAKE = 8;
const HANDSHAKE_SHIFT = 8;

/**
 * A client's session as the relay holds it; as an SendState it counts the packets to the client. The slot is its number in every
 * guard's arrays. There may be very many: paths and flows are linked lists, and what few need is made on demand (ADR 22).
 */
export class RelaySession extends SendState {
  readonly slot: SessionSlot;
  /** Packets from the client. */
  readonly receiving: ReceiveState;
  /** null if nothing was registered. */
  readonly registration: SessionRegistration | null;
  /** The prefix for which the limit by address counts it: that which registered, else that of its path. */
  readonly prefix: AddressPrefix;
  /**
   * Its paths, in the order in which they came. It has none for a moment while the only one is replaced, or after
   * another session has proved its address.
   */
  firstPath: RelayPath | null = null;
  pathCount = 0;
  /** The path by which the last data came: answers leave by it. */
  primary: RelayPath | null = null;
  multipath: MultipathMode = 'standby';
  /** Timestamp of the HANDSHAKE that opened it. */
  handshakeTimestampUs = 0;
  /** The last packet in either direction. */
  lastActivityMs: Milliseconds;
  /** Packets with a wrong token or tag since it was opened. */
  forged = 0;
  /** A FIN that anybody may have sent, while it waits for a sign that the client is still there. */
  pendingFin: PendingFin | null = null;
  firstFlow: RelayFlow | null = null;
  /** The flow of the last packet: nearly always that of the next one too. */
  latestFlow: RelayFlow | null = null;
  flowCount = 0;
  /** The bits above, since a field for each would take eight bytes of every session, and a sequence number. */
  #bits = IS_CHANGED;
  /** The counters of the last snapshot: the sequence number in the lower 16 bits, the group id in the upper ones. */
  snapshotCounters = 0;

  /** Whether its client has shown that it receives what is sent to it, or has registered. */
  get isVerified(): boolean {
    return (this.#bits & IS_VERIFIED) !== 0;
  }

  set isVerified(is: boolean) {
    this.#set(IS_VERIFIED, is);
  }

  /** Whether a proof has bound it: nothing but proofs moves it from then on. */
  get isProved(): boolean {
    return (this.#bits & IS_PROVED) !== 0;
  }

  set isProved(is: boolean) {
    this.#set(IS_PROVED, is);
  }

  /** Whether paths, flows, mode or used proofs have changed since the last snapshot. */
  get isChanged(): boolean {
    return (this.#bits & IS_CHANGED) !== 0;
  }

  set isChanged(is: boolean) {
    this.#set(IS_CHANGED, is);
  }

  /** Sequence of the HANDSHAKE that opened it, -1 if there was none: the same again is a retransmission. */
  get handshakeSequence(): SequenceNumber {
    return (this.#bits & HAS_HANDSHAKE) === 0 ? -1 : (this.#bits >>> HANDSHAKE_SHIFT) & 0xffff;
  }

  set handshakeSequence(sequence: SequenceNumber) {
    this.#bits = (this.#bits & ~(0xffff << HANDSHAKE_SHIFT)) | HAS_HANDSHAKE | (sequence << HANDSHAKE_SHIFT);
  }

  #set(bit: number, is: boolean): void {
    this.#bits = is ? this.#bits | bit : this.#bits & ~bit;
  }

  /** The client's last packet, by any path. */
  get lastHeardMs(): Milliseconds {
    if (this.firstPath === null) return this.lastActivityMs;
    let last = this.firstPath.lastHeardMs;
    for (let path = this.firstPath.nextOfSession; path !== null; path = path.nextOfSession) {
      if (((path.lastHeardMs - last) | 0) > 0) last = path.lastHeardMs;
    }
    return last;
  }

  override get owner(): number {
    return this.receiving.owner;
  }

  constructor(
    slot: SessionSlot,
    token: SessionToken,
    dialect: Dialect,
    registration: SessionRegistration | null,
    prefix: AddressPrefix,
    receiving: ReceiveState,
    nowMs: Milliseconds,
  ) {
    super(dialect, token);
    this.slot = slot;
    this.registration = registration;
    this.prefix = prefix;
    if (registration !== null) this.isVerified = true;
    this.receiving = receiving;
    this.lastActivityMs = nowMs;
  }
}

/** A FIN as it came. */
export interface PendingFin {
  readonly path: RelayPath;
  readonly sequence: SequenceNumber;
  readonly timestampUs: Microseconds;
  /** When the first one came. */
  readonly sinceMs: Milliseconds;
}

/** One source and destination pair of a session. As an SendFlow it carries the answers: its source is the game server. */
export class RelayFlow extends SendFlow<RelaySession> implements CarriedFlow {
  readonly index: FlowIndex;
  /** The driver's number of the socket from which its payloads go to the server. */
  readonly egress: EgressId;
  /** The client's last packet to the server. */
  lastUpMs: Milliseconds;
  /** What holds for it, as bits: a field for each would take eight bytes of every flow. */
  marks: number = FLOW_ASKED;
  nextOfSession: RelayFlow | null = null;

  constructor(
    index: FlowIndex,
    session: RelaySession,
    clientIp: AddressHandle,
    clientPort: Port,
    serverIp: AddressHandle,
    serverPort: Port,
    egress: EgressId,
    nowMs: Milliseconds,
  ) {
    super(session, serverIp, serverPort, clientIp, clientPort);
    this.index = index;
    this.egress = egress;
    this.lastUpMs = nowMs;
  }

  get session(): RelaySession {
    return this.sending;
  }

  get hasBlocks(): boolean {
    return this.sending.receiving.agreed !== null;
  }

  /** Whether packets from this source to this server belong to it. */
  carries(clientIp: AddressHandle, clientPort: Port, serverIp: AddressHandle, serverPort: Port): boolean {
    return (
      this.sourceIp === serverIp && this.sourcePort === serverPort && this.destinationPort === clientPort && this.destinationIp === clientIp
    );
  }

  get token(): SessionToken {
    return this.sending.token;
  }

  get dialect(): Dialect {
    return this.sending.dialect;
  }

  get multipath(): MultipathMode {
    return this.sending.multipath;
  }

  get sessionSlot(): SessionSlot {
    return this.sending.slot;
  }

  get client(): RelayPath | null {
    return this.sending.primary;
  }

  get firstPath(): RelayPath | null {
    return this.sending.firstPath;
  }

  get clientIp(): AddressHandle {
    return this.destinationIp;
  }

  get clientPort(): Port {
    return this.destinationPort;
  }

  get serverIp(): AddressHandle {
    return this.sourceIp;
  }

  get serverPort(): Port {
    return this.sourcePort;
  }
}

/** A path that has been silent for so long is not sent to, unless it is the only one: four keepalives were missed. */
const SILENT_AFTER_MS = 20_000;

/**
 * One address from which a session's client sends, and to which it is answered. Its handles are retained while it lives. While
 * it is not *validated*, anybody may have named the address: it gets little, and takes nothing from others.
 */
export class RelayPath implements CarriedPath {
  readonly session: RelaySession;
  /** The client's number for it, 0 to 3. */
  readonly number: PathNumber;
  readonly ip: AddressHandle;
  readonly port: Port;
  local: AddressHandle;
  /** The last packet with the session's token that came by it. */
  lastHeardMs: Milliseconds;
  /** How much may still be sent to it; null once it is validated. */
  credit: AmplificationCredit | null;
  /** {@link isAlive} as `FlowReports` has told it last. */
  isInUse = true;
  nextOfSession: RelayPath | null = null;

  constructor(
    session: RelaySession,
    number: PathNumber,
    { ip, port, local }: ClientAddress,
    credit: AmplificationCredit | null,
    nowMs: Milliseconds,
  ) {
    this.session = session;
    this.number = number;
    this.ip = ip;
    this.port = port;
    this.local = local;
    this.credit = credit;
    this.lastHeardMs = nowMs;
  }

  /** Whether its address is known to receive what is sent to it. */
  get isValidated(): boolean {
    return this.credit === null;
  }

  /** Whether the client may still be there. */
  isAlive(nowMs: Milliseconds): boolean {
    return ((nowMs - this.lastHeardMs) | 0) < SILENT_AFTER_MS;
  }
}
