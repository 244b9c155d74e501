import type { SlottedArena } from '@lightspeed/memory';
import type { UdpCounters } from '../counters.ts';
import { UDP_COUNTER } from '../counters.ts';
import type { BatchSocket } from './batch-socket.ts';
import { NONE } from './batch-socket.ts';
import { EAGAIN, ECONNREFUSED, EINTR, EINVAL, EIO, EMSGSIZE, ENOBUFS, ENOMEM, MSG_DONTWAIT, POLLOUT } from './constants.ts';
import type { Libc } from './libc.ts';
import { NativeBlock } from './libc.ts';
import { SOCKADDR_BYTES } from './addresses.ts';
import { SendTable } from './messages.ts';
import { SegmentTable } from './segment-table.ts';
import { SlotAddresses } from './slot-addresses.ts';

/** Most datagrams queued over all sockets, and as many as the kernel takes in one sendmmsg. */
const QUEUE_CAPACITY = 1_024;

/** How long to wait for a socket whose send buffer is full, and how often within one flush. */
const WAIT_FOR_ROOM_MS = 1;
const MOST_WAITS = 16;

/** Datagrams of more would not pass an Ethernet in one piece, and runs of them not at all. */
export const MOST_SEGMENT_BYTES = 1_472;
/** Who refuses segments of this size refuses all. */
const USUAL_SEGMENT_BYTES = 1_200;

/** Instead of an errno: there was no attempt yet. */
const NOT_TRIED = -1;

/** A message is tried again this often when what failed was the report of an earlier one's fate. */
const MOST_REFUSALS = 4;

/**
 * Datagrams waiting to be sent, as one linked list per socket through common arrays, so that however sends to many
 * sockets are mixed, each socket's leave in one system call and in order.
 *
 * ```
 *  dirty:  A        B             entries:   0    1    2    3    4
 *          |        |                next:   2    3    -    4    -
 *        head 0   head 1                     A    B    A    B    B
 * ```
 */
export class SendQueue {
  private readonly libc: Libc;
  private readonly counts: Float64Array;
  private readonly table: SendTable;
  private readonly runs: SegmentTable;
  private readonly slots: SlotAddresses;
  private readonly pollEntry: NativeBlock;

  private readonly offsets = new Int32Array(QUEUE_CAPACITY);
  private readonly lengths = new Int32Array(QUEUE_CAPACITY);
  private readonly ips = new Int32Array(QUEUE_CAPACITY);
  private readonly ports = new Int32Array(QUEUE_CAPACITY);
  private readonly next = new Int32Array(QUEUE_CAPACITY);
  private entries = 0;

  /** Sockets with a list, in the order of their first datagram. One may be in it twice, if its list was sent before its turn. */
  private readonly dirty: (BatchSocket | undefined)[];
  private dirtyCount = 0;

  private waitsLeft = MOST_WAITS;
  /** Longest datagrams that may share a message; 0: none may. */
  private segmentLimitBytes: number;

  /** @param segmentLimitBytes longest datagrams of which several may go to one address as one; 0 for none */
  constructor(arena: SlottedArena, libc: Libc, counters: UdpCounters, segmentLimitBytes = 0) {
    this.segmentLimitBytes = segmentLimitBytes;
    this.libc = libc;
    this.counts = counters.values;
    this.table = new SendTable(QUEUE_CAPACITY, arena, libc);
    this.runs = new SegmentTable(QUEUE_CAPACITY, this.table);
    this.slots = new SlotAddresses(arena, libc);
    this.pollEntry = new NativeBlock(8);
    this.dirty = new Array<BatchSocket | undefined>(QUEUE_CAPACITY).fill(undefined);
  }

  push(socket: BatchSocket, offset: number, lengthBytes: number, ip: number, port: number): void {
    if (this.entries === QUEUE_CAPACITY) this.flush();
    const entry = this.entries++;
    this.offsets[entry] = offset;
    this.lengths[entry] = lengthBytes;
    this.ips[entry] = ip;
    this.ports[entry] = port;
    this.next[entry] = NONE;
    if (socket.queueHead === NONE) {
      socket.queueHead = entry;
      this.dirty[this.dirtyCount++] = socket;
    } else {
      this.next[socket.queueTail] = entry;
    }
    socket.queueTail = entry;
  }

  /** Hands everything to the kernel or drops and counts it. */
  flush(): void {
    this.waitsLeft = MOST_WAITS;
    for (let index = 0; index < this.dirtyCount; index++) {
      const socket = this.dirty[index];
      this.dirty[index] = undefined;
      if (socket !== undefined) this.sendAll(socket);
    }
    this.dirtyCount = 0;
    this.entries = 0;
  }

  /** One socket's datagrams before its turn. */
  flushSocket(socket: BatchSocket): void {
    this.waitsLeft = MOST_WAITS;
    this.sendAll(socket);
  }

  private sendAll(socket: BatchSocket): void {
    const head = socket.queueHead;
    if (head === NONE) return;
    const errno = head === socket.queueTail ? this.sendOne(socket, head) : NOT_TRIED;
    if (errno !== 0) this.sendList(socket, errno);
    socket.queueHead = NONE;
    socket.queueTail = NONE;
  }

  /**
   * sendto has less to read from our memory than sendmmsg: see Receiver for what both bring together.
   *
   * @returns 0 if it was sent, else why not
   */
  private sendOne(socket: BatchSocket, entry: number): number {
    const bytes = this.slots.of(this.offsets[entry]);
    if (bytes === null) return NOT_TRIED;
    this.table.setName(0, this.ips[entry], this.ports[entry]);
    const to = socket.connected ? null : this.table.firstNamePointer;
    const toBytes = socket.connected ? 0 : SOCKADDR_BYTES;
    const sent = this.libc.sendto(socket.fd, bytes, this.lengths[entry], MSG_DONTWAIT, to, toBytes);
    this.counts[UDP_COUNTER.send_calls]++;
    if (sent < 0) return this.libc.errno();
    this.counts[UDP_COUNTER.datagrams_sent]++;
    this.counts[UDP_COUNTER.bytes_sent] += sent;
    return 0;
  }

  private sendList(socket: BatchSocket, errno: number): void {
    const { connected } = socket;
    let count = 0;
    let runs = false;
    for (let entry = socket.queueHead; entry !== NONE; entry = this.next[entry]) {
      this.table.set(count, this.offsets[entry], this.lengths[entry], this.ips[entry], this.ports[entry], connected);
      runs ||= count > 0 && this.table.sameName(count - 1, count);
      count++;
    }
    if (runs && this.segmentLimitBytes > 0) this.transmitRuns(socket.fd, count, connected);
    else this.transmit(socket.fd, 0, count, errno);
  }

  /**
   * Several datagrams to one address go through the kernel as one, which cuts them apart at the end of the way: 17 %
   * less per round trip for a relay whose clients send four at a time, with what they get back.
   */
  private transmitRuns(fd: number, count: number, toPeer: boolean): void {
    const { runs } = this;
    runs.gather(count, this.segmentLimitBytes, toPeer);
    for (let done = 0; done < runs.count;) {
      const sent = this.libc.sendmmsg(fd, runs.addresses[done], runs.count - done, MSG_DONTWAIT);
      this.counts[UDP_COUNTER.send_calls]++;
      if (sent > 0) {
        const first = runs.first[done];
        const datagrams = runs.first[done + sent] - first;
        this.counts[UDP_COUNTER.datagrams_sent] += datagrams;
        this.counts[UDP_COUNTER.bytes_sent] += this.table.lengthOfRange(first, datagrams);
        this.counts[UDP_COUNTER.segmented_sends] += runs.longerThanOne(done, sent);
        done += sent;
        continue;
      }
      const errno = this.libc.errno();
      const isRun = runs.longerThanOne(done, 1) === 1;
      const refused = isRun && this.refusesRuns(errno, this.table.length(runs.first[done]));
      this.transmit(fd, runs.first[done], runs.first[done + 1], refused ? NOT_TRIED : errno);
      done++;
    }
  }

  /** Whether it was the run that the kernel did not want, and notes which runs not to try again. */
  private refusesRuns(errno: number, segmentBytes: number): boolean {
    // EMSGSIZE: segments longer than the path's MTU. EINVAL: an old kernel, or the same of some. EIO: IPsec, or a network
    // card that leaves checksums to us.
    if (errno !== EMSGSIZE && errno !== EINVAL && errno !== EIO) return false;
    this.segmentLimitBytes = errno === EMSGSIZE || segmentBytes > USUAL_SEGMENT_BYTES ? segmentBytes - 1 : 0;
    this.counts[UDP_COUNTER.segmented_sends_refused]++;
    return true;
  }

  /**
   * Sends messages `first .. end-1` of the table.
   * @param errno of an attempt to send the first of them, or NOT_TRIED
   */
  private transmit(fd: number, first: number, end: number, errno: number): void {
    let done = first;
    let refusals = 0;
    let waited = false;
    let failure = errno;
    while (done < end) {
      if (failure === NOT_TRIED) {
        const sent = this.libc.sendmmsg(fd, this.table.addresses[done], end - done, MSG_DONTWAIT);
        this.counts[UDP_COUNTER.send_calls]++;
        if (sent > 0) {
          this.counts[UDP_COUNTER.datagrams_sent] += sent;
          this.counts[UDP_COUNTER.bytes_sent] += this.table.lengthOfRange(done, sent);
          done += sent;
          refusals = 0;
          waited = false;
          continue;
        }
        failure = this.libc.errno();
      }
      // Nothing was sent, so the errno is about message `done`, or about the socket.
      switch (failure) {
        case EINTR:
          this.counts[UDP_COUNTER.interrupted]++;
          break;
        case ECONNREFUSED:
          // The fate of an earlier datagram, told now; this one has not been tried yet.
          this.counts[UDP_COUNTER.send_refused]++;
          if (++refusals === MOST_REFUSALS) {
            this.counts[UDP_COUNTER.send_failed]++;
            refusals = 0;
            done++;
          }
          break;
        case EAGAIN:
          if (waited || !this.waitForRoom(fd)) {
            this.counts[UDP_COUNTER.send_would_block] += end - done;
            return;
          }
          waited = true;
          break;
        case ENOBUFS:
        case ENOMEM:
          this.counts[UDP_COUNTER.send_no_buffers]++;
          done++;
          break;
        case EMSGSIZE:
          this.counts[UDP_COUNTER.send_too_big]++;
          done++;
          break;
        default:
          this.counts[UDP_COUNTER.send_failed]++;
          done++;
      }
      failure = NOT_TRIED;
    }
  }

  /** Full send buffers must not stop the whole engine: a flush that has waited in vain once does not wait again. */
  private waitForRoom(fd: number): boolean {
    if (this.waitsLeft === 0) return false;
    this.pollEntry.words[0] = fd;
    this.pollEntry.words[1] = POLLOUT;
    const room = this.libc.poll(this.pollEntry.address, 1, WAIT_FOR_ROOM_MS) > 0;
    this.waitsLeft = room ? this.waitsLeft - 1 : 0;
    return room;
  }
}
