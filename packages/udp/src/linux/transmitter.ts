import type { SlottedArena } from '@lightspeed/memory';
import type { AddressBook } from '@lightspeed/wire';
import type { UdpCounters } from '../counters.ts';
import { UDP_COUNTER } from '../counters.ts';
import type { BatchSocket } from './batch-socket.ts';
import { NONE } from './batch-socket.ts';
import { EAGAIN, ECONNREFUSED, EINTR, EINVAL, EIO, EMSGSIZE, ENOBUFS, ENOMEM, MSG_DONTWAIT } from './constants.ts';
import type { Libc } from './libc.ts';
import type { QueuedDatagrams } from './queued-datagrams.ts';
import { QUEUE_CAPACITY } from './queued-datagrams.ts';
import type { RoomWait } from './room-wait.ts';
import { SegmentTable } from './segment-table.ts';
import { SendTable } from './send-table.ts';
import type { SlotAddresses } from './slot-addresses.ts';

/** Who refuses segments of this size refuses all. */
const USUAL_SEGMENT_BYTES = 1_200;

/** Instead of an errno: there was no attempt yet. */
const NOT_TRIED = -1;

/** A message is tried again this often when what failed was the report of an earlier one's fate. */
const MOST_REFUSALS = 4;

/** What transmitters of both families share. */
export interface SendEnvironment {
  readonly libc: Libc;
  readonly arena: SlottedArena;
  readonly counters: UdpCounters;
  readonly book: AddressBook;
  readonly queued: QueuedDatagrams;
  readonly slots: SlotAddresses;
  readonly roomWait: RoomWait;
}

/** Hands the queued datagrams of sockets of one family to the kernel. */
export class Transmitter {
  private readonly libc: Libc;
  private readonly counts: Float64Array;
  private readonly queued: QueuedDatagrams;
  private readonly slots: SlotAddresses;
  private readonly roomWait: RoomWait;
  private readonly table: SendTable;
  private readonly runs: SegmentTable;
  /** Longest datagrams that may share a message; 0: none may. */
  private segmentLimitBytes: number;

  constructor(environment: SendEnvironment, isIpv6: boolean, segmentLimitBytes: number) {
    this.libc = environment.libc;
    this.counts = environment.counters.values;
    this.queued = environment.queued;
    this.slots = environment.slots;
    this.roomWait = environment.roomWait;
    this.table = new SendTable(QUEUE_CAPACITY, environment.arena, environment.libc, environment.book, isIpv6);
    this.runs = new SegmentTable(QUEUE_CAPACITY, this.table);
    this.segmentLimitBytes = segmentLimitBytes;
  }

  /** Sends a socket's list, which is not empty, or drops and counts what the kernel does not take. */
  sendAll(socket: BatchSocket): void {
    const head = socket.queueHead;
    const errno = head === socket.queueTail ? this.sendOne(socket, head) : NOT_TRIED;
    if (errno !== 0) this.sendList(socket, errno);
  }

  /**
   * sendto has less to read from our memory than sendmmsg: see Receiver for what both bring together.
   *
   * @returns 0 if it was sent, else why not
   */
  private sendOne(socket: BatchSocket, entry: number): number {
    const { ips, ports, locals, offsets, lengths } = this.queued;
    if (locals[entry] !== 0) return this.sendOneFrom(socket, entry);
    const bytes = this.slots.of(offsets[entry]);
    if (bytes === null) return NOT_TRIED;
    this.table.setName(0, ips[entry], ports[entry]);
    const to = socket.connected ? null : this.table.firstNamePointer;
    const toBytes = socket.connected ? 0 : this.table.nameBytes;
    return this.sentOne(this.libc.sendto(socket.fd, bytes, lengths[entry], MSG_DONTWAIT, to, toBytes));
  }

  /** The same with a source, which only a message can name. */
  private sendOneFrom(socket: BatchSocket, entry: number): number {
    this.set(0, entry, socket.connected);
    return this.sentOne(this.libc.sendmsg(socket.fd, this.table.addresses[0], MSG_DONTWAIT));
  }

  private sentOne(sent: number): number {
    this.counts[UDP_COUNTER.send_calls]++;
    if (sent < 0) return this.libc.errno();
    this.counts[UDP_COUNTER.datagrams_sent]++;
    this.counts[UDP_COUNTER.bytes_sent] += sent;
    return 0;
  }

  private sendList(socket: BatchSocket, errno: number): void {
    const { connected } = socket;
    const { next } = this.queued;
    let count = 0;
    let runs = false;
    for (let entry = socket.queueHead; entry !== NONE; entry = next[entry]) {
      this.set(count, entry, connected);
      runs ||= count > 0 && this.table.sameName(count - 1, count);
      count++;
    }
    if (runs && this.segmentLimitBytes > 0) this.transmitRuns(socket.fd, count, connected);
    else this.transmit(socket.fd, 0, count, errno);
  }

  private set(index: number, entry: number, toPeer: boolean): void {
    const { offsets, lengths, ips, ports, locals } = this.queued;
    this.table.set(index, offsets[entry], lengths[entry], ips[entry], ports[entry], locals[entry], toPeer);
  }

  /**
   * Several datagrams to one address go through the kernel as one, which cuts them apart at the end of the way. That is
   * 17 % less per round trip for a relay whose clients send four at a time, with what they get back.
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
      this.transmitRefused(fd, runs.first[done], runs.first[done + 1], this.libc.errno());
      done++;
    }
  }

  /** Sends messages `first .. end-1` one by one, which the kernel did not take as one, and notes which runs not to try again. */
  private transmitRefused(fd: number, first: number, end: number, errno: number): void {
    // EMSGSIZE: segments longer than the path's MTU. EINVAL: an old kernel, or the same of some. EIO: IPsec, or a network
    // card that leaves checksums to us.
    const refusesRuns = end - first > 1 && (errno === EMSGSIZE || errno === EINVAL || errno === EIO);
    const sentBefore = this.counts[UDP_COUNTER.datagrams_sent];
    this.transmit(fd, first, end, refusesRuns ? NOT_TRIED : errno);
    if (!refusesRuns) return;
    // EINVAL is also what a source that is no address of ours gets, alone or not.
    if (this.table.hasSource(first) && this.counts[UDP_COUNTER.datagrams_sent] === sentBefore) return;
    const segmentBytes = this.table.length(first);
    this.segmentLimitBytes = errno === EMSGSIZE || segmentBytes > USUAL_SEGMENT_BYTES ? segmentBytes - 1 : 0;
    this.counts[UDP_COUNTER.segmented_sends_refused]++;
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
          if (waited || !this.roomWait.waitFor(fd)) {
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
}
