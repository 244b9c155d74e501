import type { RemoteInfo, Socket } from 'node:dgram';
import type { AddressBook, AddressHandle, Port } from '@lightspeed/wire';
import { isIpv6 } from '@lightspeed/wire';
import type { DatagramSocket, SocketOptions } from '../engine.ts';
import { isWildcard } from '../options.ts';
import type { AddressText } from './address-text.ts';
import { LocalSockets } from './local-sockets.ts';
import { errnoOf, openNodeSocket } from './node-socket.ts';

/** What a socket tells its engine. */
export interface SocketEvents {
  /** @param local the local address that it came to, 0 if that is not asked for */
  onMessage(socket: PortableSocket, message: Uint8Array, from: RemoteInfo, local: AddressHandle): void;
  receiveFailed(errno: string): void;
  /** It hears again, by another socket of the system at the same port. */
  reopened(): void;
  /** It has gone deaf, and its port could not be had again so far. */
  lost(socket: PortableSocket): void;
  closing(socket: PortableSocket): void;
}

/** What a socket needs of its engine. */
export interface PortableEnvironment {
  readonly addresses: AddressBook;
  readonly text: AddressText;
  readonly events: SocketEvents;
  /** Whether the system's sockets go deaf for good by an error, as those of Windows do. */
  readonly deafens: boolean;
}

/** Refusals by peers: Node goes on receiving after them on every system. */
const HARMLESS: readonly string[] = ['ECONNREFUSED', 'ECONNRESET'];

/** A socket of the portable engine: one of node:dgram, or, to know local addresses, one for each of those. */
export class PortableSocket implements DatagramSocket {
  readonly id: number;
  readonly localIp: AddressHandle;
  readonly localPort: Port;
  readonly receiveBufferBytes: number;
  readonly sendBufferBytes: number;
  readonly isIpv6: boolean;
  readonly connected: boolean;
  tag = 0;
  closed = false;
  private readonly environment: PortableEnvironment;
  private readonly options: SocketOptions;
  /** Undefined if it is {@link locals}, and while a socket that went deaf cannot be opened again. */
  private single: Socket | undefined;
  private readonly locals: LocalSockets | undefined;

  /** @throws {Error} with the errno as `code` if the system refuses */
  private constructor(id: number, options: SocketOptions, environment: PortableEnvironment) {
    const { addresses } = environment;
    this.environment = environment;
    this.options = options;
    this.id = id;
    this.isIpv6 = isIpv6(options.ip);
    this.connected = options.connect !== undefined;
    let socket: Socket | undefined;
    if (options.localAddresses === true && isWildcard(options.ip) && !this.connected) {
      const open = (local: AddressHandle, port: Port) => this.openOne({ ...options, ip: local, port, dualStack: false }, local);
      this.locals = new LocalSockets(options, addresses, environment.text, open);
      const refusal = this.locals.start();
      if (refusal !== '') throw refused(refusal);
      socket = this.locals.first();
      this.localIp = options.ip | 0;
    } else {
      const opened = this.openOne(options, 0);
      if (typeof opened === 'string') throw refused(opened);
      socket = opened;
      this.single = opened;
      this.localIp = environment.text.parse(opened.address().address);
    }
    // Linux reports twice what it grants, to pay for its own structures.
    const overhead = process.platform === 'linux' ? 2 : 1;
    this.localPort = socket?.address().port ?? 0;
    this.receiveBufferBytes = (socket?.getRecvBufferSize() ?? 0) / overhead;
    this.sendBufferBytes = (socket?.getSendBufferSize() ?? 0) / overhead;
    addresses.retain(this.localIp);
  }

  /** The bound socket, or the errno name of what was refused. */
  static open(id: number, options: SocketOptions, environment: PortableEnvironment): PortableSocket | string {
    try {
      return new PortableSocket(id, options, environment);
    } catch (error) {
      return errnoOf(error);
    }
  }

  /** Opens and closes what local addresses make necessary that are new or gone, and opens again what went deaf. */
  follow(): void {
    if (this.locals !== undefined) this.locals.follow();
    else if (this.single === undefined) this.reopen();
  }

  /**
   * @param local the address to send from; 0 lets the system choose
   * @param done called with '' or an errno name, not before this returns
   * @returns false if there is no way to send that
   */
  send(message: Uint8Array, ip: AddressHandle, port: Port, local: AddressHandle, done: (errno: string) => void): boolean {
    const socket = this.locals === undefined ? this.single : this.locals.toSendFrom(local, ip);
    if (socket === undefined) return false;
    const report = (error: Error | null) => done(error === null ? '' : errnoOf(error));
    if (this.connected) {
      socket.send(message, report);
      return true;
    }
    // A socket on one local address has that one's family.
    const isIpv6Socket = this.locals === undefined ? this.isIpv6 : isIpv6(ip);
    socket.send(message, port, this.environment.text.format(ip, isIpv6Socket), report);
    return true;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.environment.events.closing(this);
    this.environment.addresses.release(this.localIp);
    this.single?.close();
    this.locals?.close();
  }

  kernelDrops(): number {
    return 0;
  }

  private openOne(options: SocketOptions, local: AddressHandle): Socket | string {
    const { events, text } = this.environment;
    const isIpv6Socket = isIpv6(options.ip);
    const connect = options.connect && { address: text.format(options.connect.ip, isIpv6Socket), port: options.connect.port };
    const address = text.format(options.ip, isIpv6Socket);
    const socket = openNodeSocket({ ...options, isIpv6: isIpv6Socket, address, connect }, (errno) => this.failed(errno, local));
    if (typeof socket !== 'string') socket.on('message', (message, from) => events.onMessage(this, message, from, local));
    return socket;
  }

  /**
   * Where an error ends the receiving of a system's socket, another one takes its port at once. If that fails, or for one of
   * several local addresses, {@link follow} tries again.
   */
  private failed(errno: string, local: AddressHandle): void {
    const { events, deafens } = this.environment;
    events.receiveFailed(errno);
    if (!deafens || this.closed || HARMLESS.includes(errno)) return;
    if (this.locals !== undefined) {
      this.locals.closeOne(local);
      return;
    }
    this.single?.close();
    this.single = undefined;
    if (!this.reopen()) events.lost(this);
  }

  private reopen(): boolean {
    const opened = this.openOne({ ...this.options, port: this.localPort }, 0);
    if (typeof opened === 'string') return false;
    this.single = opened;
    this.environment.events.reopened();
    return true;
  }
}

function refused(errno: string): Error {
  return Object.assign(new Error(errno), { code: errno });
}
