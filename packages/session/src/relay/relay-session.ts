import type { Dialect } from '@lightspeed/wire';
import type { ReceiveState } from '../receive-state.ts';
import type { MultipathMode } from '../multipath.ts';
import { SendFlow, SendState } from '../packet-writer.ts';
import type { LiveRegistration } from './registration-table.ts';
import type { RelayPath } from './relay-path.ts';

/**
 * A client's session as the relay holds it; as an SendState it counts the packets to the client. The slot is its number
 * in every guard's arrays. There may be very many of them: paths and flows are linked lists, and what only few sessions need
 * is made when they need it (ADR 22).
 */
export class RelaySession extends SendState {
  readonly slot: number;
  /** Packets from the client. */
  readonly receiving: ReceiveState;
  /** null if nothing was registered. */
  readonly registration: LiveRegistration | null;
  /**
   * Its paths, in the order in which they came; none for a moment while the only one is replaced, or after another session
   * has proved its address.
   */
  firstPath: RelayPath | null = null;
  pathCount = 0;
  /** The path by which the last data came: answers leave by it. */
  primary: RelayPath | null = null;
  multipath: MultipathMode = 'standby';
  /** Sequence and timestamp of the HANDSHAKE that opened it: the same again is a retransmission. */
  handshakeSequence = -1;
  handshakeTimestampUs = 0;
  /** The last packet in either direction. */
  lastActivityMs: number;
  /** Packets with a wrong token before the first one with the right token. */
  wrongTokens = 0;
  firstFlow: RelayFlow | null = null;
  /** The flow of the last packet: nearly always that of the next one too. */
  latestFlow: RelayFlow | null = null;
  flowCount = 0;
  /** Whether paths, flows, mode or used proofs have changed since the last snapshot. */
  isChanged = true;
  /** The counters of the last snapshot: the sequence number in the lower 16 bits, the group id in the upper ones. */
  snapshotCounters = 0;

  constructor(
    slot: number,
    token: number,
    dialect: Dialect,
    registration: LiveRegistration | null,
    receiving: ReceiveState,
    nowMs: number,
  ) {
    super(dialect, token);
    this.slot = slot;
    this.registration = registration;
    this.receiving = receiving;
    this.lastActivityMs = nowMs;
  }
}

/**
 * One source and destination pair of a session. As an SendFlow it carries the answers: its source is the game
 * server, its destination the client's own source as the client's packets name it.
 */
export class RelayFlow extends SendFlow<RelaySession> {
  readonly index: number;
  /** The driver's number of the socket from which its payloads go to the server. */
  readonly egress: number;
  /** The client's last packet to the server. */
  lastUpMs: number;
  /** Whether a payload over the safe size was seen. */
  oversizeSeen = false;
  nextOfSession: RelayFlow | null = null;

  constructor(
    index: number,
    session: RelaySession,
    clientIp: number,
    clientPort: number,
    serverIp: number,
    serverPort: number,
    egress: number,
    nowMs: number,
  ) {
    super(session, serverIp, serverPort, clientIp, clientPort);
    this.index = index;
    this.egress = egress;
    this.lastUpMs = nowMs;
  }

  get session(): RelaySession {
    return this.stream;
  }

  /** Whether packets from this source to this server belong to it. */
  carries(clientIp: number, clientPort: number, serverIp: number, serverPort: number): boolean {
    return (
      this.sourceIp === serverIp && this.sourcePort === serverPort && this.destinationPort === clientPort && this.destinationIp === clientIp
    );
  }

  get serverIp(): number {
    return this.sourceIp;
  }

  get serverPort(): number {
    return this.sourcePort;
  }
}
