import type { FecMemory } from '@lightspeed/fec';
import type { Dialect } from '@lightspeed/wire';
import type { FecTotals } from '../fec-totals.ts';
import { InboundStream } from '../inbound-stream.ts';
import type { MultipathMode } from '../multipath.ts';
import { OutboundFlow, OutboundStream } from '../packet-writer.ts';
import type { LiveRegistration } from './registrations.ts';
import type { RelayPath } from './relay-path.ts';

/** A client's session as the relay holds it. The slot is its number in every guard's arrays. */
export class RelaySession {
  readonly slot: number;
  /** The session id of its registration, or a random one. */
  readonly id: number;
  readonly dialect: Dialect;
  /** Packets from the client. */
  readonly inbound: InboundStream;
  /** Packets to the client. */
  readonly outbound: OutboundStream;
  /** null if nothing was registered. */
  readonly registration: LiveRegistration | null;
  /** Its paths; none for a moment while the only one is replaced, or after another session has proved its address. */
  readonly paths: RelayPath[] = [];
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

  constructor(
    slot: number,
    id: number,
    token: number,
    dialect: Dialect,
    registration: LiveRegistration | null,
    memory: FecMemory,
    closedTotals: FecTotals,
    nowMs: number,
  ) {
    this.slot = slot;
    this.id = id;
    this.dialect = dialect;
    this.registration = registration;
    this.inbound = new InboundStream(memory, closedTotals);
    this.outbound = new OutboundStream(dialect);
    this.outbound.token = token;
    this.lastActivityMs = nowMs;
  }
}

/**
 * One source and destination pair of a session. As an OutboundFlow it carries the answers: its source is the game
 * server, its destination the client's own source as the client's packets name it.
 */
export class RelayFlow extends OutboundFlow {
  readonly index: number;
  readonly session: RelaySession;
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
    super(session.outbound, serverIp, serverPort, clientIp, clientPort);
    this.index = index;
    this.session = session;
    this.egress = egress;
    this.lastUpMs = nowMs;
  }

  get serverIp(): number {
    return this.sourceIp;
  }

  get serverPort(): number {
    return this.sourcePort;
  }
}
