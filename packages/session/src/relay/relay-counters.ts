import { DROP_REASON_COUNT } from '@lightspeed/wire';

/** Positions in {@link RelayCounters.values}. */
export const RelayCounter = {
  /** Datagrams that came in on the data plane, whatever they were. */
  clientPacketsReceived: 0,
  clientBytesReceived: 1,
  /** Packets that went out to clients: data, parity, acknowledgements, echoes. */
  clientPacketsSent: 2,
  clientBytesSent: 3,
  /** Datagrams that came in on egress sockets. */
  serverPacketsReceived: 4,
  serverBytesReceived: 5,
  /** Payloads that went out to game servers, recovered ones included. */
  serverPacketsSent: 6,
  serverBytesSent: 7,
  /** Data packets of clients that were forwarded. */
  dataPackets: 8,
  parityPackets: 9,
  keepalives: 10,
  handshakes: 11,
  fins: 12,
  sessionsOpened: 13,
  /** Sessions that ended by FIN, from either side. */
  sessionsClosed: 14,
  /** Sessions that ended because nothing came any more. */
  sessionsExpired: 15,
  flowsOpened: 16,
  /** Flows that have carried a payload over the safe size. */
  oversizeFlows: 17,
  bans: 18,
  /** Payloads of clients that parity brought back. */
  fecRecovered: 19,
  /** Payloads of clients that were lost in spite of parity. */
  fecLost: 20,
  /** Recoveries that were refused because they could not be right. */
  fecRecoveryRejected: 21,
  /** Parity of the old fixed format. */
  fecParityIgnored: 22,
  /** Groups that could not be followed because no block of memory was free. */
  fecUntracked: 23,
  /** Parity packets sent to clients. */
  fecParityGenerated: 24,
  /** Data packets sent to clients in an FEC group. */
  fecProtected: 25,
  /** Paths that went over to another address, by proof. */
  pathsMoved: 26,
  /** Paths that joined a session, by proof. */
  pathsAdded: 27,
  /** Datagrams given to another relay of the same port, which has their session. */
  forwarded: 28,
  /** Numbers of clients' sequences that should have come, and those that did: the difference was lost on the way. */
  sequenceExpected: 29,
  sequenceReceived: 30,
  /** Those among them that came behind a later one. */
  sequenceLate: 31,
  /** Sessions whose clients have begun to tag their packets. */
  sessionsTagged: 32,
  /** Groups that an account could not protect or follow, and sockets that it could not have, because it had its share. */
  fecOverShare: 33,
  egressOverShare: 34,
  /** Sessions of registrations in whose name eight packets with wrong tokens or tags have come. */
  sessionsAttacked: 35,
  /** Flows that were idle and gave way to new ones of their sessions. */
  flowsGaveWay: 36,
  /** Repeats that rode on packets to clients, packets to clients with repeats only, and XOR blocks that rode. */
  repeatsCarried: 37,
  repeatsAlone: 38,
  xorsCarried: 39,
  /** Repeats that the budget, or the limit of the session, did not have room for. */
  repeatsOverBudget: 40,
  /** Payloads to clients that could not be repeated: too long, or no block was free. */
  repeatsUnprotected: 41,
  /** Payloads of clients that came in a later packet only. */
  repaired: 42,
  /** How often the protection of what is sent to a client has changed. */
  protectionSteps: 43,
  /** Packets that asked clients for what is missing. */
  requestsSent: 44,
  // Gauges: what is there now.
  sessions: 45,
  flows: 46,
  egressSockets: 47,
  bannedAddresses: 48,
  registrations: 49,
} as const;

/** How many positions there are. */
export const RELAY_COUNTER_COUNT = 50;

/**
 * What a relay counts. The arrays may lie in a SharedArrayBuffer, so that another thread can read them at any time; the
 * relay is their only writer.
 */
export interface RelayCounters {
  /** By {@link RelayCounter}. */
  readonly values: Float64Array;
  /** Datagrams from clients that went no further, by DropReason. */
  readonly clientDrops: Float64Array;
  /** Datagrams from game servers that went no further, by DropReason. */
  readonly serverDrops: Float64Array;
}

/** Bytes that {@link relayCountersIn} needs. */
export const RELAY_COUNTERS_BYTES = (RELAY_COUNTER_COUNT + 2 * DROP_REASON_COUNT) * 8;

/** Lays counters out in a buffer, from its start. */
export function relayCountersIn(buffer: ArrayBuffer | SharedArrayBuffer): RelayCounters {
  return {
    values: new Float64Array(buffer, 0, RELAY_COUNTER_COUNT),
    clientDrops: new Float64Array(buffer, RELAY_COUNTER_COUNT * 8, DROP_REASON_COUNT),
    serverDrops: new Float64Array(buffer, (RELAY_COUNTER_COUNT + DROP_REASON_COUNT) * 8, DROP_REASON_COUNT),
  };
}
