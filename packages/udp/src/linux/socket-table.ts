import type { AddressBook, Microseconds } from '@lightspeed/wire';
import { UDP_COUNTER } from '../counters.ts';
import type { SocketOptions } from '../engine.ts';
import { UdpError } from '../errors.ts';
import type { EngineSettings } from '../options.ts';
import { checkSocketOptions, isWildcard } from '../options.ts';
import type { SocketOwner } from './batch-socket.ts';
import { BatchSocket } from './batch-socket.ts';
import { EINVAL, EMFILE, ENFILE } from './constants.ts';
import { FdLedger } from './fd-ledger.ts';
import type { Libc } from './libc.ts';
import { Poller } from './poller.ts';
import { errnoName, RawSockets } from './raw-sockets.ts';

/** Every socket's drops are read once in so many calls of readSomeDrops; few sockets are read all at once. */
const DROPS_CALLS = 10;
const LEAST_DROPS_READ = 64;

/** A batch engine's sockets by id, its poller, and the descriptors of both in the ledger. */
export class SocketTable implements SocketOwner {
  readonly libc: Libc;
  readonly poller: Poller;
  private readonly book: AddressBook;
  private readonly raw: RawSockets;
  private readonly ledger: FdLedger;
  private readonly counts: Float64Array;
  private readonly sockets: (BatchSocket | undefined)[] = [];
  private readonly freeIds: number[] = [];
  private readonly beforeClose: (socket: BatchSocket) => void;
  private readonly busyPollUs: Microseconds;
  private dropsCursor = 0;

  constructor(settings: EngineSettings, beforeClose: (socket: BatchSocket) => void) {
    this.busyPollUs = settings.busyPollUs;
    this.book = settings.addresses;
    this.raw = new RawSockets(this.book);
    this.raw.raiseDescriptorLimit();
    this.libc = this.raw.libc;
    this.ledger = new FdLedger(settings.fdLedger);
    this.counts = settings.counters.values;
    this.beforeClose = beforeClose;
    this.poller = new Poller(this.libc, (call) => {
      const errno = errnoName(this.libc.errno());
      return new UdpError('ERR_UDP_STATE', `${call} failed: ${errno}`, { errno });
    });
    if (!this.poller.descriptors.every((fd) => this.ledger.note(fd))) {
      this.closePoller();
      throw new UdpError('ERR_UDP_INVALID_ARGUMENT', 'fdLedger is too small for the descriptors of this process');
    }
  }

  at(id: number): BatchSocket | undefined {
    return this.sockets[id];
  }

  /** The new socket, or the errno of the refusal, counted. */
  open(options: SocketOptions): BatchSocket | number {
    checkSocketOptions(options);
    const adopted = options.fd;
    const fd = adopted ?? this.raw.open(options);
    if (fd < 0) return this.refuse(-fd);
    if (adopted === undefined && !this.ledger.note(fd)) {
      this.libc.close(fd);
      return this.refuse(EMFILE);
    }
    const socket = this.describe(fd, options);
    if (socket !== undefined && this.poller.add(fd, socket.id)) {
      this.sockets[socket.id] = socket;
      this.book.retain(socket.localIp);
      if (this.busyPollUs > 0) this.askForBusyPolling(fd);
      this.counts[UDP_COUNTER.sockets_open]++;
      return socket;
    }
    // A descriptor of another family fails no call.
    const errno = this.libc.errno() || EINVAL;
    if (socket !== undefined) this.freeIds.push(socket.id);
    if (adopted === undefined) this.closeFd(fd);
    return this.refuse(errno);
  }

  private askForBusyPolling(fd: number): void {
    const granted = this.raw.setBusyPoll(fd, this.busyPollUs);
    this.counts[granted ? UDP_COUNTER.busy_polled_sockets : UDP_COUNTER.busy_poll_refused]++;
  }

  private describe(fd: number, options: SocketOptions): BatchSocket | undefined {
    const local = this.raw.localAddress(fd);
    if (local === undefined) return undefined;
    const { isIpv6 } = local;
    const { connect } = options;
    const adopted = options.fd !== undefined;
    if (adopted && connect !== undefined && !this.raw.connect(fd, isIpv6, connect.ip, connect.port)) return undefined;
    if (adopted && !this.raw.askForDestinations(fd, local, options)) return undefined;
    const saysLocal = options.localAddresses === true && isWildcard(local.ip);
    const hasDestinations = saysLocal || options.originalDestinations === true;
    const buffers = { receive: this.raw.receiveBufferBytes(fd), send: this.raw.sendBufferBytes(fd) };
    const use = { isIpv6, hasDestinations, adopted, connected: connect !== undefined, dropsRead: this.raw.drops(fd) };
    return new BatchSocket(this, this.freeIds.pop() ?? this.sockets.length, fd, local, buffers, use);
  }

  closeSocket(socket: BatchSocket): void {
    if (socket.fd < 0) return;
    this.beforeClose(socket);
    this.readDrops(socket);
    const { fd } = socket;
    socket.fd = -1;
    this.sockets[socket.id] = undefined;
    this.freeIds.push(socket.id);
    this.book.release(socket.localIp);
    this.counts[UDP_COUNTER.sockets_open]--;
    this.poller.remove(fd);
    if (!socket.adopted) this.closeFd(fd);
  }

  readDrops(socket: BatchSocket): void {
    if (socket.fd < 0) return;
    const read = this.raw.drops(socket.fd);
    const more = (read - socket.dropsRead) >>> 0;
    socket.dropsRead = read;
    socket.drops += more;
    this.counts[UDP_COUNTER.kernel_drops] += more;
  }

  /** Reads the drops of the next part of the sockets, so that many sockets do not make one long pause. */
  readSomeDrops(): void {
    const { length } = this.sockets;
    const part = Math.min(length, Math.max(LEAST_DROPS_READ, Math.ceil(length / DROPS_CALLS)));
    for (let read = 0; read < part; read++) {
      this.dropsCursor = this.dropsCursor + 1 < length ? this.dropsCursor + 1 : 0;
      const socket = this.sockets[this.dropsCursor];
      if (socket !== undefined) this.readDrops(socket);
    }
  }

  /** Closes all that is open, the poller included: the end of the engine. */
  closeAll(): void {
    for (const socket of this.sockets) socket?.close();
    this.closePoller();
  }

  private closePoller(): void {
    for (const fd of this.poller.descriptors) this.ledger.erase(fd);
    this.poller.close();
  }

  private closeFd(fd: number): void {
    this.ledger.erase(fd);
    this.libc.close(fd);
  }

  private refuse(errno: number): number {
    const noDescriptors = errno === EMFILE || errno === ENFILE;
    this.counts[noDescriptors ? UDP_COUNTER.open_no_descriptors : UDP_COUNTER.open_failed]++;
    return errno;
  }
}
