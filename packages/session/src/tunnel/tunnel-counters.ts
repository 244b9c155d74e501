import { DROP_REASON_COUNT } from '@lightspeed/wire';
import type { PathNumber } from '@lightspeed/wire';
import { MAX_PATHS } from '../base/multipath.ts';

/** Positions in {@link TunnelCounters.values}. */
export const TunnelCounter = {
  /** Datagrams that local programs sent into an ingress. */
  localPacketsReceived: 0,
  localBytesReceived: 1,
  /** Payloads handed to local programs, recovered ones included. */
  localPacketsSent: 2,
  localBytesSent: 3,
  /** Packets sent to the node: data, parity, handshakes, keepalives, FINs. */
  nodePacketsSent: 4,
  nodeBytesSent: 5,
  nodePacketsReceived: 6,
  nodeBytesReceived: 7,
  /** Data packets from the node whose payload was delivered. */
  dataPackets: 8,
  parityPackets: 9,
  keepalivesSent: 10,
  keepalivesAnswered: 11,
  /** Times that the node stopped answering. */
  timesLost: 12,
  oversizeFlows: 13,
  fecRecovered: 14,
  fecLost: 15,
  fecRecoveryRejected: 16,
  fecParityIgnored: 17,
  fecUntracked: 18,
  fecParityGenerated: 19,
  fecProtected: 20,
  // Gauges: what is now.
  flows: 21,
  /** Numbers of the node's sequence that should have come, and those that did: the difference was lost on the way. */
  sequenceExpected: 22,
  sequenceReceived: 23,
  /** Microseconds, -1 before the first answer. */
  rttSmoothedUs: 24,
  rttJitterUs: 25,
  rttLatestUs: 26,
  rttMinimumUs: 27,
  /** A number of TUNNEL_STATES. */
  state: 28,
  /** The path by which data goes. */
  primaryPath: 29,
  /** Numbers of the node's sequence that came behind a later one. */
  sequenceLate: 30,
  /** 1 while the session's packets have tags. */
  tagged: 31,
  /** Repeats that rode on packets to the node, packets with repeats only, and XOR blocks that rode. */
  repeatsCarried: 32,
  repeatsAlone: 33,
  xorsCarried: 34,
  /** Repeats that the budget did not have room for. */
  repeatsOverBudget: 35,
  /** Payloads from the node that came in a later packet only. */
  repaired: 36,
  /** How often the protection of what is sent to the node has changed. */
  protectionSteps: 37,
  /** How what is sent to the node is protected now, a position in STEP_NAMES; -1 where nothing is agreed on. */
  protectionStep: 38,
  /** Packets that asked the node for what is missing. */
  requestsSent: 39,
  /** How many packets to the node are lost in a row, on average; 0 where it reports none. */
  upMeanRun: 40,
  /** Runs of successive packets of the node that were lost, modulo 65,536. */
  downRuns: 41,
} as const;

/** Positions in a path's own values, which follow those of the tunnel: see {@link pathCounter}. */
export const PathCounter = {
  packetsSent: 0,
  /** Valid packets of the node that came by it, duplicates of other paths' included. */
  packetsReceived: 1,
  keepalivesSent: 2,
  keepalivesAnswered: 3,
  /** Data and parity packets that came by it first. */
  firstArrivals: 4,
  rttSmoothedUs: 5,
  rttJitterUs: 6,
  /** 1 while the node answers by it. */
  up: 7,
} as const;

const TUNNEL_VALUES = 42;
const PATH_VALUES = 8;

/** The position of a path's value in {@link TunnelCounters.values}. */
export function pathCounter(path: PathNumber, counter: number): number {
  return TUNNEL_VALUES + path * PATH_VALUES + counter;
}

/** How many positions there are. */
export const TUNNEL_COUNTER_COUNT = TUNNEL_VALUES + MAX_PATHS * PATH_VALUES;

/** States of a tunnel; the `state` counter is a position in this list. */
export const TUNNEL_STATES = ['idle', 'opening', 'established', 'lost', 'closing', 'closed'] as const;
/** One of {@link TUNNEL_STATES}. */
export type TunnelStateName = (typeof TUNNEL_STATES)[number];

/** What a tunnel counts. The arrays may lie in a SharedArrayBuffer; the tunnel is their only writer. */
export interface TunnelCounters {
  /** By {@link TunnelCounter}. */
  readonly values: Float64Array;
  /** Datagrams of local programs that went no further, by DropReason. */
  readonly localDrops: Float64Array;
  /** Datagrams from the node's side that went no further, by DropReason. */
  readonly nodeDrops: Float64Array;
}

/** Bytes that {@link tunnelCountersIn} needs. */
export const TUNNEL_COUNTERS_BYTES = (TUNNEL_COUNTER_COUNT + 2 * DROP_REASON_COUNT) * 8;

/** Lays counters out in a buffer, from its start. */
export function tunnelCountersIn(buffer: ArrayBuffer | SharedArrayBuffer): TunnelCounters {
  return {
    values: new Float64Array(buffer, 0, TUNNEL_COUNTER_COUNT),
    localDrops: new Float64Array(buffer, TUNNEL_COUNTER_COUNT * 8, DROP_REASON_COUNT),
    nodeDrops: new Float64Array(buffer, (TUNNEL_COUNTER_COUNT + DROP_REASON_COUNT) * 8, DROP_REASON_COUNT),
  };
}
