import type { RemoteInfo } from 'node:dgram';
import type { SlottedArena } from '@lightspeed/memory';
import { createArena } from '@lightspeed/memory';
import type { AddressBook, AddressHandle, ArenaOffset, ByteLength, Milliseconds, Port } from '@lightspeed/wire';
import { isIpv6, NO_ADDRESS } from '@lightspeed/wire';
import { monotonicUs } from '../clock.ts';
import type { UdpCounters } from '../counters.ts';
import { UDP_COUNTER } from '../counters.ts';
import type { DatagramEngine, DatagramHandler, DatagramSocket, ReceivedBatch, SocketOptions } from '../engine.ts';
import { UdpError } from '../errors.ts';
import { openError } from '../open-error.ts';
import type { EngineSettings } from '../options.ts';
import { checkSocketOptions } from '../options.ts';
import { AddressText } from './address-text.ts';
import type { SocketEvents } from './portable-socket.ts';
import { PortableSocket } from './portable-socket.ts';
import { SEND_FAILURES } from './send-failures.ts';

/** Datagrams kept while nobody runs the engine: node:dgram reads from the kernel as soon as a socket is bound. */
const MOST_BACKLOG = 1_024;

const LONGEST_TICK_MS = 1_000;
/** How often local addresses are looked at for sockets that want to know them, and deaf sockets are opened again. */
const FOLLOW_INTERVAL_MS = 500;

/** Options that node:dgram has nothing for. */
const BATCH_ONLY = ['fd', 'originalDestinations', 'transparent', 'mark'] as const;

interface Waiting {
  readonly socket: PortableSocket;
  readonly message: Uint8Array;
  readonly from: RemoteInfo;
  readonly local: AddressHandle;
}

/**
 * The engine over node:dgram. It differs from the batch engine in what node:dgram cannot do. Every datagram is copied
 * once each way and sent alone. Drops by the kernel stay unknown. A datagram whose send reports an earlier one's refusal
 * is lost. A socket that is to know local addresses is one for each of them, which hears no broadcasts.
 */
export class PortableEngine implements DatagramEngine, SocketEvents {
  readonly kind = 'portable';
  readonly arena: SlottedArena;
  readonly received: ReceivedBatch;
  readonly counters: UdpCounters;
  readonly addresses: AddressBook;
  readonly maxDatagramBytes: number;
  readonly wakeFd = undefined;
  lastOpenError = '';
  clockUs = 0;
  clockMs = 0;

  private readonly counts: Float64Array;
  private readonly sockets: (PortableSocket | undefined)[] = [];
  private readonly freeIds: number[] = [];
  private readonly backlog: Waiting[] = [];
  private readonly text: AddressText;

  private handler: DatagramHandler | undefined;
  private running: { resolve: () => void; reject: (reason: unknown) => void } | undefined;
  private tick: NodeJS.Timeout | undefined;
  private follow: NodeJS.Timeout | undefined;
  private tickDueUs = 0;
  private closed = false;
  private wakeAsked = false;
  private owesSent = false;
  private unsent = 0;

  constructor(settings: EngineSettings) {
    this.maxDatagramBytes = settings.maxDatagramBytes;
    this.counters = settings.counters;
    this.counts = settings.counters.values;
    this.addresses = settings.addresses;
    this.text = new AddressText(this.addresses);
    this.arena = createArena(1, settings.maxDatagramBytes, settings.reserveBytes);
    this.received = {
      offsets: Int32Array.of(this.arena.firstPayload),
      lengths: new Int32Array(1),
      ips: new Int32Array(1),
      ports: new Int32Array(1),
      locals: new Int32Array(1),
      localPorts: new Int32Array(1),
    };
  }

  async open(options: SocketOptions): Promise<DatagramSocket> {
    const socket = this.openNow(options);
    if (socket === undefined) throw openError(options, this.lastOpenError, this.addresses);
    return socket;
  }

  openNow(options: SocketOptions): DatagramSocket | undefined {
    if (this.closed) throw new UdpError('ERR_UDP_STATE', 'the engine is closed');
    checkSocketOptions(options);
    for (const name of BATCH_ONLY) {
      if (options[name] !== undefined && options[name] !== false) {
        throw new UdpError('ERR_UDP_INVALID_ARGUMENT', `${name} is not supported by the portable engine, only by the batch engine`);
      }
    }
    const id = this.freeIds.pop() ?? this.sockets.length;
    const { addresses, text } = this;
    const opened = PortableSocket.open(id, options, { addresses, text, events: this, deafens: process.platform === 'win32' });
    if (opened instanceof PortableSocket) {
      this.sockets[id] = opened;
      this.counts[UDP_COUNTER.sockets_open]++;
      return opened;
    }
    this.freeIds.push(id);
    this.lastOpenError = opened;
    this.counts[opened === 'EMFILE' || opened === 'ENFILE' ? UDP_COUNTER.open_no_descriptors : UDP_COUNTER.open_failed]++;
    return undefined;
  }

  send(socket: DatagramSocket, offset: ArenaOffset, lengthBytes: ByteLength, ip: AddressHandle, port: Port, local = 0): void {
    if (offset < 0 || lengthBytes < 0 || offset + lengthBytes > this.arena.bytes.length) {
      throw new UdpError('ERR_UDP_INVALID_ARGUMENT', `bytes ${offset}+${lengthBytes} are not inside the arena`);
    }
    const own = this.sockets[socket.id];
    // node:dgram throws at port 0, which the kernel merely refuses.
    const refused = own === undefined || own !== socket || (port === 0 && !own.connected);
    if (refused || (isIpv6(ip) && (!own.isIpv6 || ip === NO_ADDRESS))) {
      this.counts[UDP_COUNTER.send_failed]++;
      return;
    }
    this.owesSent = true;
    this.unsent++;
    this.counts[UDP_COUNTER.send_calls]++;
    const taken = own.send(this.arena.bytes.slice(offset, offset + lengthBytes), ip, port, local, (errno) => {
      this.unsent--;
      if (errno === '') {
        this.counts[UDP_COUNTER.datagrams_sent]++;
        this.counts[UDP_COUNTER.bytes_sent] += lengthBytes;
      } else {
        this.counts[UDP_COUNTER[SEND_FAILURES[errno] ?? 'send_failed']]++;
      }
      this.endIfDone();
    });
    if (taken) return;
    this.unsent--;
    this.counts[UDP_COUNTER.send_failed]++;
  }

  flush(): void {
    this.owesSent = false; // Each datagram was copied and given to Node when it was queued.
  }

  async run(handler: DatagramHandler): Promise<void> {
    if (this.closed || this.running !== undefined) {
      throw new UdpError('ERR_UDP_STATE', 'the engine is closed or already running');
    }
    const ended = new Promise<void>((resolve, reject) => {
      this.running = { resolve, reject };
    });
    this.handler = handler;
    this.follow = setInterval(() => this.followAddresses(), FOLLOW_INTERVAL_MS);
    this.onTick();
    // Taken out before its turn: while the handler has stopped us, the rest stays for the next run.
    while (this.handler !== undefined) {
      const waiting = this.backlog.shift();
      if (waiting === undefined) break;
      if (!waiting.socket.closed) this.forward(waiting);
    }
    if (this.wakeAsked) this.onWake();
    await ended;
  }

  stop(): void {
    if (this.handler === undefined) return;
    this.handler = undefined;
    clearTimeout(this.tick);
    clearInterval(this.follow);
    setImmediate(() => this.endIfDone());
  }

  tickWithin(ms: Milliseconds): void {
    const dueUs = monotonicUs() + ms * 1_000;
    if (this.handler === undefined || dueUs >= this.tickDueUs) return;
    clearTimeout(this.tick);
    this.tickIn(ms);
  }

  wake(): void {
    if (this.closed || this.wakeAsked) return;
    this.wakeAsked = true;
    setImmediate(() => this.onWake());
  }

  [Symbol.dispose](): void {
    this.close();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.stop();
    for (const socket of this.sockets) socket?.close();
    this.backlog.length = 0;
  }

  nowUs(): number {
    return monotonicUs();
  }

  onMessage(socket: PortableSocket, message: Uint8Array, from: RemoteInfo, local: AddressHandle): void {
    this.counts[UDP_COUNTER.receive_calls]++;
    if (message.length > this.maxDatagramBytes) {
      this.counts[UDP_COUNTER.truncated]++;
    } else if (this.handler !== undefined) {
      this.forward({ socket, message, from, local });
    } else if (this.backlog.length < MOST_BACKLOG) {
      this.backlog.push({ socket, message, from, local });
    } else {
      this.counts[UDP_COUNTER.backlog_drops]++;
    }
  }

  receiveFailed(errno: string): void {
    this.counts[errno === 'ECONNREFUSED' ? UDP_COUNTER.receive_refused : UDP_COUNTER.receive_errors]++;
  }

  reopened(): void {
    this.counts[UDP_COUNTER.sockets_reopened]++;
  }

  lost(socket: PortableSocket): void {
    this.call((handler) => handler.onLost?.(socket));
  }

  closing(socket: PortableSocket): void {
    this.sockets[socket.id] = undefined;
    this.freeIds.push(socket.id);
    this.counts[UDP_COUNTER.sockets_open]--;
  }

  private followAddresses(): void {
    for (const socket of this.sockets) socket?.follow();
  }

  private forward({ socket, message, from, local }: Waiting): void {
    const ip = this.text.parse(from.address);
    if (ip === NO_ADDRESS) {
      this.counts[UDP_COUNTER.senders_refused]++;
      return;
    }
    this.arena.bytes.set(message, this.arena.firstPayload);
    this.received.lengths[0] = message.length;
    this.received.ips[0] = ip;
    this.received.ports[0] = from.port;
    this.received.locals[0] = local;
    this.counts[UDP_COUNTER.datagrams_received]++;
    this.counts[UDP_COUNTER.bytes_received] += message.length;
    this.call((handler) => handler.onDatagrams(socket, 1));
  }

  private onTick(): void {
    this.counts[UDP_COUNTER.wait_calls]++;
    this.call((handler) => {
      const delayMs = Math.min(Math.max(handler.onTick(), 0), LONGEST_TICK_MS);
      if (this.handler !== undefined) this.tickIn(delayMs);
    });
  }

  private tickIn(ms: Milliseconds): void {
    this.tickDueUs = monotonicUs() + ms * 1_000;
    this.tick = setTimeout(() => this.onTick(), ms);
  }

  private onWake(): void {
    if (!this.wakeAsked || this.handler === undefined) return;
    this.wakeAsked = false;
    this.counts[UDP_COUNTER.wakes]++;
    this.call((handler) => handler.onWake());
  }

  /** What is sent was copied by then, so its bytes are free again as soon as the handler returns. */
  private call(action: (handler: DatagramHandler) => void): void {
    const { handler } = this;
    if (handler === undefined) return;
    const nowUs = monotonicUs();
    this.clockUs = nowUs | 0;
    this.clockMs = (nowUs / 1_000) | 0;
    try {
      action(handler);
      if (this.owesSent) {
        this.owesSent = false;
        handler.onSent();
      }
    } catch (error) {
      this.stop();
      this.running?.reject(error);
      this.running = undefined;
    }
  }

  private endIfDone(): void {
    if (this.handler !== undefined || (this.unsent > 0 && !this.closed)) return;
    this.running?.resolve();
    this.running = undefined;
  }
}
