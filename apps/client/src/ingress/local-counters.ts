/** What the client itself counts, besides its tunnels: totals since the start, and how many direct flows there are. */
export const LocalCounter = {
  directPacketsToServer: 0,
  directBytesToServer: 1,
  directPacketsFromServer: 2,
  directBytesFromServer: 3,
  directFlows: 4,
  /** Flows that were silent for long and gave way to new ones, and sockets of direct flows that did. */
  flowsGaveWay: 5,
} as const;

/** Why a datagram went no further before it came to a tunnel. */
export const LocalDrop = {
  /** There are as many flows as there may be. */
  flowLimit: 0,
  /** No socket could be opened for a direct flow, or there are as many direct flows as there may be. */
  directFlowLimit: 1,
  /** It came to a direct flow's socket from another address than the game server's. */
  directSource: 2,
  /** It is no SOCKS5 datagram. */
  socksMalformed: 3,
  /** A fragment of a SOCKS5 datagram. */
  socksFragment: 4,
  /** Its game server is an IPv6 address, or a name that has only such. */
  socksIpv6: 5,
  /** The name of its game server cannot be found. */
  socksUnresolved: 6,
  /** Too many datagrams wait for names to be found. */
  socksWaiting: 7,
  /** It does not come from the association's client. */
  socksSource: 8,
  /** The association talks with as many game servers as it may. */
  socksDestinations: 9,
  /** There is no tunnel to the node by which it is to go. */
  noNodeTunnel: 10,
  /** There is no socket yet that can have its game server's address for the answers, and too many wait for one. */
  captureWaiting: 11,
  /** It was not said where it was sent to. */
  captureUnknown: 12,
  /** Its flow's way was not said in time, and too many datagrams wait for that. */
  wayWaiting: 13,
} as const;

const LOCAL_COUNTERS = 6;
/** The names of {@link LocalDrop} in statistics, by their position. */
export const LOCAL_DROP_NAMES = [
  'flow_limit',
  'direct_flow_limit',
  'direct_source',
  'socks_malformed',
  'socks_fragment',
  'socks_ipv6',
  'socks_unresolved',
  'socks_waiting',
  'socks_source',
  'socks_destinations',
  'no_node_tunnel',
  'capture_waiting',
  'capture_unknown',
  'way_waiting',
] as const;

/** Bytes of the buffer that {@link localCountersIn} lays out. */
export const LOCAL_COUNTERS_BYTES = (LOCAL_COUNTERS + LOCAL_DROP_NAMES.length) * Float64Array.BYTES_PER_ELEMENT;

/** Counters in one buffer, which another thread may read. */
export interface LocalCounters {
  /** By {@link LocalCounter}. */
  readonly values: Float64Array;
  /** By {@link LocalDrop}. */
  readonly drops: Float64Array;
}

/** Lays the counters out in a buffer of {@link LOCAL_COUNTERS_BYTES}. */
export function localCountersIn(buffer: ArrayBuffer | SharedArrayBuffer): LocalCounters {
  const values = new Float64Array(buffer, 0, LOCAL_COUNTERS);
  return { values, drops: new Float64Array(buffer, values.byteLength, LOCAL_DROP_NAMES.length) };
}
