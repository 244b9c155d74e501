import type { SlottedArena } from '@lightspeed/memory';
import { createArena } from '@lightspeed/memory';
import type { AddressBook, AddressHandle, ArenaOffset, ByteLength, Milliseconds, Port } from '@lightspeed/wire';
import { isIpv6, NO_ADDRESS } from '@lightspeed/wire';
import type { UdpCounters } from '../counters.ts';
import { UDP_COUNTER } from '../counters.ts';
import type { DatagramEngine, DatagramHandler, DatagramSocket, ReceivedBatch, SocketOptions } from '../engine.ts';
import { UdpError } from '../errors.ts';
import { openError } from '../open-error.ts';
import type { EngineSettings } from '../options.ts';
import type { BatchSocket } from './batch-socket.ts';
import { EINTR } from './constants.ts';
import type { Libc } from './libc.ts';
import { NativeClock } from './native-clock.ts';
import type { Poller } from './poller.ts';
import { ALARM_ID, WAKE_ID } from './poller.ts';
import { errnoName } from './raw-sockets.ts';
import { Receiver } from './receiver.ts';
import { MOST_SEGMENT_BYTES, SendQueue } from './send-queue.ts';
import { SocketTable } from './socket-table.ts';
import { Waiter } from './waiter.ts';

/*
 * A round of the loop:
 *
 *   1. wait          epoll_wait until a socket is readable, a wake, or the tick                            Waiter
 *   2. receive       for each readable socket, recvmmsg into the next free slots; at most MOST_BATCHES, then its
 *                    neighbours have their turn                                                            Receiver
 *   3. handle        handler.onDatagrams, which queues what it sends, mostly out of those same slots
 *   4. settle        when slots run short and when the round ends: one sendmmsg per socket with something queued;  SendQueue
 *                    handler.onSent; all slots are free again; the tick if it is due
 *
 * Slots fill up over several sockets before they are settled. So answers of many game servers, each on its own socket,
 * leave to the clients' one socket together.
 */

/** Receive slots per datagram of a batch. */
const SLOTS_PER_BATCH = 4;

/** Batches that one socket may receive in one round. */
const MOST_BATCHES = 2;

const LONGEST_TICK_MS = 1_000;
const DROPS_INTERVAL_US = 100_000;

/** The engine for Linux: system calls for many datagrams at once, on a thread that it blocks. */
export class BatchEngine implements DatagramEngine {
  readonly kind = 'batch';
  readonly arena: SlottedArena;
  readonly received: ReceivedBatch;
  readonly counters: UdpCounters;
  readonly addresses: AddressBook;
  readonly maxDatagramBytes: number;
  readonly wakeFd: number;
  lastOpenError = '';

  private readonly libc: Libc;
  private readonly counts: Float64Array;
  private readonly clock: NativeClock;
  private readonly poller: Poller;
  private readonly sockets: SocketTable;
  private readonly waiter: Waiter;
  private readonly receiver: Receiver;
  private readonly queue: SendQueue;

  private handler: DatagramHandler | undefined;
  private running = false;
  private closed = false;
  private owesSent = false;
  /** Wraps. */
  private rounds = 0;
  /** Times here are int32 bit patterns of microseconds, compared by wrapping difference. */
  private tickDueUs = 0;
  private dropsDueUs = 0;

  constructor(settings: EngineSettings) {
    this.maxDatagramBytes = settings.maxDatagramBytes;
    this.counters = settings.counters;
    this.counts = settings.counters.values;
    this.addresses = settings.addresses;
    this.arena = createArena(settings.batchSize * SLOTS_PER_BATCH, settings.maxDatagramBytes, settings.reserveBytes);
    this.sockets = new SocketTable(settings, (socket) => this.queue.flushSocket(socket));
    this.libc = this.sockets.libc;
    this.clock = new NativeClock(this.libc);
    this.poller = this.sockets.poller;
    this.waiter = new Waiter(this.poller, this.clock, settings.counters, settings.busyPollUs);
    this.wakeFd = this.poller.wakeFd;
    this.receiver = new Receiver(this.arena, this.libc, settings.counters, this.addresses, settings.batchSize);
    this.received = this.receiver.received;
    this.queue = new SendQueue(this.arena, this.libc, settings.counters, this.addresses, MOST_SEGMENT_BYTES);
  }

  async open(options: SocketOptions): Promise<DatagramSocket> {
    const socket = this.openNow(options);
    if (socket === undefined) throw openError(options, this.lastOpenError, this.addresses);
    return socket;
  }

  openNow(options: SocketOptions): DatagramSocket | undefined {
    if (this.closed) throw new UdpError('ERR_UDP_STATE', 'the engine is closed');
    const opened = this.sockets.open(options);
    if (typeof opened !== 'number') return opened;
    this.lastOpenError = errnoName(opened);
    return undefined;
  }

  send(socket: DatagramSocket, offset: ArenaOffset, lengthBytes: ByteLength, ip: AddressHandle, port: Port, local = 0): void {
    // The kernel would read past the arena, and send what it finds there.
    if (offset < 0 || lengthBytes < 0 || offset + lengthBytes > this.arena.bytes.length) {
      throw new UdpError('ERR_UDP_INVALID_ARGUMENT', `bytes ${offset}+${lengthBytes} are not inside the arena`);
    }
    const own = this.sockets.at(socket.id);
    if (own === undefined || own !== socket || (isIpv6(ip) && (!own.isIpv6 || ip === NO_ADDRESS))) {
      this.counts[UDP_COUNTER.send_failed]++;
      return;
    }
    this.queue.push(own, offset, lengthBytes, ip, port, local);
    this.owesSent = true;
  }

  flush(): void {
    // The slots of this round stay taken: their datagrams may not all be sent yet.
    this.owesSent = false;
    this.queue.flush();
  }

  // Async so that whatever the handler throws becomes a rejection; nothing in it ever yields.
  async run(handler: DatagramHandler): Promise<void> {
    if (this.closed || this.running) throw new UdpError('ERR_UDP_STATE', 'the engine is closed or already running');
    this.handler = handler;
    this.running = true;
    try {
      this.clock.read();
      this.tickDueUs = this.clock.us;
      this.dropsDueUs = this.clock.us;
      this.settle(handler);
      while (this.running) this.round(handler);
    } finally {
      this.running = false;
      this.handler = undefined;
      if (this.closed) this.release();
    }
  }

  stop(): void {
    this.running = false;
  }

  tickWithin(ms: Milliseconds): void {
    const dueUs = (this.clock.us + ms * 1_000) | 0;
    if (((dueUs - this.tickDueUs) | 0) < 0) this.tickDueUs = dueUs;
  }

  wake(): void {
    if (!this.closed) this.poller.wake();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.running = false;
    // Inside the loop its end does it: the loop still holds sockets.
    if (this.handler === undefined) this.release();
  }

  get clockUs(): number {
    return this.clock.us;
  }

  get clockMs(): number {
    return this.clock.ms;
  }

  nowUs(): number {
    return this.clock.readUs();
  }

  private round(handler: DatagramHandler): void {
    this.rounds = (this.rounds + 1) | 0;
    const ready = this.waiter.wait(this.tickDueUs);
    const errno = ready < 0 ? this.libc.errno() : 0;
    this.clock.read();
    if (ready < 0) {
      if (errno !== EINTR) throw new UdpError('ERR_UDP_STATE', 'epoll_wait failed', { errno: errnoName(errno) });
      this.counts[UDP_COUNTER.interrupted]++;
    }
    for (let event = 0; event < ready && this.running; event++) {
      const id = this.poller.idOf(event);
      if (id === WAKE_ID) {
        this.poller.takeWakes();
        this.counts[UDP_COUNTER.wakes]++;
        handler.onWake();
      } else if (id === ALARM_ID) {
        this.waiter.alarmWentOff();
      } else {
        const socket = this.sockets.at(id);
        if (socket !== undefined) this.receive(socket, handler);
      }
    }
    this.settle(handler);
  }

  private receive(socket: BatchSocket, handler: DatagramHandler): void {
    for (let batch = 0; batch < MOST_BATCHES; batch++) {
      if (!this.receiver.hasRoom) this.settle(handler);
      if (!this.running || socket.fd < 0) return;
      const whole = this.receiver.receive(socket, this.rounds);
      if (whole > 0) handler.onDatagrams(socket, whole);
      if (this.receiver.drained) return;
    }
  }

  /** Sends what is queued, frees the slots, and looks at the clock. */
  private settle(handler: DatagramHandler): void {
    this.settleSends(handler);
    if (!this.running) return;
    const nowUs = this.clock.us;
    if (((nowUs - this.tickDueUs) | 0) >= 0) {
      const delayMs = handler.onTick();
      this.tickDueUs = (nowUs + Math.min(Math.max(delayMs, 0), LONGEST_TICK_MS) * 1_000) | 0;
      this.settleSends(handler);
    }
    if (((nowUs - this.dropsDueUs) | 0) >= 0) {
      this.dropsDueUs = (nowUs + DROPS_INTERVAL_US) | 0;
      this.sockets.readSomeDrops();
    }
  }

  private settleSends(handler: DatagramHandler): void {
    this.receiver.freeSlots();
    if (!this.owesSent) return;
    this.flush();
    handler.onSent();
  }

  private release(): void {
    this.queue.flush();
    this.sockets.closeAll();
  }
}
