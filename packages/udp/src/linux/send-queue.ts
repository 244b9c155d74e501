import type { SlottedArena } from '@lightspeed/memory';
import type { AddressBook, AddressHandle, ArenaOffset, ByteLength, Port } from '@lightspeed/wire';
import type { UdpCounters } from '../counters.ts';
import type { BatchSocket } from './batch-socket.ts';
import { NONE } from './batch-socket.ts';
import type { Libc } from './libc.ts';
import { QUEUE_CAPACITY, QueuedDatagrams } from './queued-datagrams.ts';
import { RoomWait } from './room-wait.ts';
import { SlotAddresses } from './slot-addresses.ts';
import type { SendEnvironment } from './transmitter.ts';
import { Transmitter } from './transmitter.ts';

/** Datagrams of more would not pass an Ethernet in one piece, and runs of them not at all. */
export const MOST_SEGMENT_BYTES = 1_472;

/**
 * Datagrams waiting to be sent, as one linked list per socket through common arrays. So however sends to many sockets are
 * mixed, each socket's leave in one system call and in order.
 *
 * ```
 *  dirty:  A        B             entries:   0    1    2    3    4
 *          |        |                next:   2    3    -    4    -
 *        head 0   head 1                     A    B    A    B    B
 * ```
 */
export class SendQueue {
  private readonly roomWait: RoomWait;
  private readonly queued = new QueuedDatagrams();
  private entries = 0;

  /** Sockets with a list, in the order of their first datagram. One may be in it twice, if its list was sent before its turn. */
  private readonly dirty: (BatchSocket | undefined)[];
  private dirtyCount = 0;

  private readonly environment: SendEnvironment;
  private readonly segmentLimitBytes: number;
  private readonly ipv4: Transmitter;
  /** Made when the first IPv6 socket sends. */
  private ipv6: Transmitter | undefined;

  /** @param segmentLimitBytes longest datagrams of which several may go to one address as one; 0 for none */
  constructor(arena: SlottedArena, libc: Libc, counters: UdpCounters, book: AddressBook, segmentLimitBytes = 0) {
    this.roomWait = new RoomWait(libc);
    const slots = new SlotAddresses(arena, libc);
    this.environment = { libc, arena, counters, book, queued: this.queued, slots, roomWait: this.roomWait };
    this.segmentLimitBytes = segmentLimitBytes;
    this.ipv4 = new Transmitter(this.environment, false, segmentLimitBytes);
    this.dirty = new Array<BatchSocket | undefined>(QUEUE_CAPACITY).fill(undefined);
  }

  push(socket: BatchSocket, offset: ArenaOffset, lengthBytes: ByteLength, ip: AddressHandle, port: Port, local: AddressHandle): void {
    if (this.entries === QUEUE_CAPACITY) this.flush();
    const entry = this.entries++;
    const { offsets, lengths, ips, ports, locals, next } = this.queued;
    offsets[entry] = offset;
    lengths[entry] = lengthBytes;
    ips[entry] = ip;
    ports[entry] = port;
    locals[entry] = local;
    next[entry] = NONE;
    if (socket.queueHead === NONE) {
      socket.queueHead = entry;
      this.dirty[this.dirtyCount++] = socket;
    } else {
      next[socket.queueTail] = entry;
    }
    socket.queueTail = entry;
  }

  /** Hands everything to the kernel or drops and counts it. */
  flush(): void {
    this.roomWait.reset();
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
    this.roomWait.reset();
    this.sendAll(socket);
  }

  private sendAll(socket: BatchSocket): void {
    if (socket.queueHead === NONE) return;
    if (socket.isIpv6) this.ipv6Transmitter().sendAll(socket);
    else this.ipv4.sendAll(socket);
    socket.queueHead = NONE;
    socket.queueTail = NONE;
  }

  private ipv6Transmitter(): Transmitter {
    this.ipv6 ??= new Transmitter(this.environment, true, this.segmentLimitBytes);
    return this.ipv6;
  }
}
