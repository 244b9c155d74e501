/** Most datagrams queued over all sockets, and as many as the kernel takes in one sendmmsg. */
export const QUEUE_CAPACITY = 1_024;

/** Datagrams that wait to be sent, by entry. */
export class QueuedDatagrams {
  readonly offsets = new Int32Array(QUEUE_CAPACITY);
  readonly lengths = new Int32Array(QUEUE_CAPACITY);
  readonly ips = new Int32Array(QUEUE_CAPACITY);
  readonly ports = new Int32Array(QUEUE_CAPACITY);
  /** Addresses to send from; 0 lets the system choose. */
  readonly locals = new Int32Array(QUEUE_CAPACITY);
  /** The entry behind each in its socket's list, or NONE. */
  readonly next = new Int32Array(QUEUE_CAPACITY);
}
