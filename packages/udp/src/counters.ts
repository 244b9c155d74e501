/**
 * Index of each counter in {@link UdpCounters.values}. The keys are the names to publish, in the units they say.
 * Counters only grow, except `sockets_open`, which is a gauge.
 */
export const UDP_COUNTER = {
  /** Datagrams and payload bytes handed to the program. */
  datagrams_received: 0,
  bytes_received: 1,
  /** Datagrams and payload bytes that the kernel took. */
  datagrams_sent: 2,
  bytes_sent: 3,
  /** System calls (or, in the portable engine, events and calls) that moved them. */
  receive_calls: 4,
  send_calls: 5,
  wait_calls: 6,
  /** Received datagrams longer than a slot: dropped. */
  truncated: 7,
  /** Datagrams not sent: the send buffer stayed full. */
  send_would_block: 8,
  /** Datagrams not sent: the kernel had no buffer (ENOBUFS, ENOMEM). */
  send_no_buffers: 9,
  /** Refusals by a peer (ICMP port unreachable) that a later send learnt of. */
  send_refused: 10,
  /** Datagrams not sent: longer than UDP or the path allows. */
  send_too_big: 11,
  /** Datagrams not sent, for any other reason. */
  send_failed: 12,
  /** Refusals by a peer that a receive learnt of. */
  receive_refused: 13,
  /** Receive calls that failed otherwise. */
  receive_errors: 14,
  /** System calls cut short by a signal and repeated. */
  interrupted: 15,
  /** Datagrams that the kernel dropped in front of our sockets, mostly for full receive buffers (batch engine only). */
  kernel_drops: 16,
  /** Datagrams that arrived while the portable engine was not running and that its backlog could not hold. */
  backlog_drops: 17,
  /** Sockets refused for want of file descriptors (EMFILE, ENFILE, a full ledger). */
  open_no_descriptors: 18,
  /** Sockets refused otherwise. */
  open_failed: 19,
  sockets_open: 20,
  wakes: 21,
  /** Sends that carried several datagrams to one address as one (UDP_SEGMENT); each of those counts as sent as well. */
  segmented_sends: 22,
  /** Such sends that the kernel or the path refused: their datagrams were sent one by one. */
  segmented_sends_refused: 23,
  /** Sockets whose network card is polled as well (SO_BUSY_POLL), and those for which the system did not allow it. */
  busy_polled_sockets: 24,
  busy_poll_refused: 25,
  /** Received datagrams dropped for their sender's address: from 240.0.0.0/4, or the address book has no room for it. */
  senders_refused: 26,
  /** Sockets that went deaf by an error, as Windows' do, and were opened again at the same port (portable engine only). */
  sockets_reopened: 27,
} as const;

/** The name of one of the engine's counters. */
export type UdpCounterName = keyof typeof UDP_COUNTER;

/** Counter names in the order of their indices. */
export const UDP_COUNTERS = Object.keys(UDP_COUNTER) as readonly UdpCounterName[];

/** Bytes that a buffer for {@link UdpCounters} must have. */
export const UDP_COUNTERS_BYTES = UDP_COUNTERS.length * Float64Array.BYTES_PER_ELEMENT;

/**
 * An engine's counters over memory that another thread may read at any time. One thread, the engine's, writes; a
 * reader sees each value whole but not all values of one instant.
 */
export class UdpCounters {
  readonly buffer: SharedArrayBuffer;
  readonly values: Float64Array<SharedArrayBuffer>;

  /** @param buffer at least {@link UDP_COUNTERS_BYTES} bytes; values in it are kept and counted on from */
  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(UDP_COUNTERS_BYTES)) {
    this.buffer = buffer;
    this.values = new Float64Array(buffer, 0, UDP_COUNTERS.length);
  }

  get(name: UdpCounterName): number {
    return this.values[UDP_COUNTER[name]];
  }

  /** A copy of all values by name. */
  snapshot(): Record<UdpCounterName, number> {
    const entries = UDP_COUNTERS.map((name, index) => [name, this.values[index]]);
    return Object.fromEntries(entries) as Record<UdpCounterName, number>;
  }
}
