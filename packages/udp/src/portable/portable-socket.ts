import type { LookupOneOptions } from 'node:dns';
import type { RemoteInfo, Socket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import type { DatagramSocket, SocketOptions } from '../engine.ts';
import { dotted, undotted } from '../ipv4.ts';
import { DEFAULT_BUFFER_BYTES } from '../options.ts';

/** What a socket tells its engine. */
export interface SocketEvents {
  onMessage(socket: PortableSocket, message: Uint8Array, from: RemoteInfo): void;
  receiveFailed(errno: string): void;
  closing(socket: PortableSocket): void;
}

type LookupCallback = (error: Error | null, address: string, family: number) => void;

/** Only addresses come in, so nothing needs looking up. Answering at once makes bind, connect and send immediate. */
function lookup(address: string, _options: LookupOneOptions, callback: LookupCallback): void {
  callback(null, address, 4);
}

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'EIO';
}

/** A socket of the portable engine. */
export class PortableSocket implements DatagramSocket {
  readonly id: number;
  readonly localIp: number;
  readonly localPort: number;
  readonly receiveBufferBytes: number;
  readonly sendBufferBytes: number;
  readonly connected: boolean;
  tag = 0;
  closed = false;
  private readonly socket: Socket;
  private readonly events: SocketEvents;

  private constructor(id: number, socket: Socket, connected: boolean, events: SocketEvents) {
    const local = socket.address();
    // Linux reports twice what it grants, to pay for its own structures.
    const overhead = process.platform === 'linux' ? 2 : 1;
    this.id = id;
    this.localIp = undotted(local.address) >>> 0;
    this.localPort = local.port;
    this.receiveBufferBytes = socket.getRecvBufferSize() / overhead;
    this.sendBufferBytes = socket.getSendBufferSize() / overhead;
    this.connected = connected;
    this.socket = socket;
    this.events = events;
    socket.on('message', (message, from) => events.onMessage(this, message, from));
  }

  /** The bound socket, or the errno name of what was refused. */
  static open(id: number, options: SocketOptions, events: SocketEvents): PortableSocket | string {
    const socket = createSocket({ type: 'udp4', reusePort: options.reusePort === true, lookup });
    let refusal = '';
    let opening = true;
    socket.on('error', (error) => {
      if (opening) refusal ||= errnoOf(error);
      else events.receiveFailed(errnoOf(error));
    });
    try {
      socket.bind({ address: dotted(options.ip), port: options.port, exclusive: true });
      if (refusal === '' && options.connect !== undefined) {
        socket.connect(options.connect.port, dotted(options.connect.ip));
      }
      if (refusal === '') {
        PortableSocket.grow(() => socket.setRecvBufferSize(options.receiveBufferBytes ?? DEFAULT_BUFFER_BYTES));
        PortableSocket.grow(() => socket.setSendBufferSize(options.sendBufferBytes ?? DEFAULT_BUFFER_BYTES));
        return new PortableSocket(id, socket, options.connect !== undefined, events);
      }
    } catch (error) {
      refusal = errnoOf(error);
    } finally {
      opening = false;
    }
    socket.close();
    return refusal;
  }

  /** Some systems refuse sizes over their limit instead of cutting them; the default then stays. */
  private static grow(set: () => void): void {
    try {
      set();
    } catch (error) {
      if (errnoOf(error) !== 'ERR_SOCKET_BUFFER_SIZE') throw error;
    }
  }

  /** @param done called with '' or an errno name, not before this returns */
  send(message: Uint8Array, ip: number, port: number, done: (errno: string) => void): void {
    const report = (error: Error | null) => done(error === null ? '' : errnoOf(error));
    if (this.connected) this.socket.send(message, report);
    else this.socket.send(message, port, dotted(ip), report);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.events.closing(this);
    this.socket.close();
  }

  kernelDrops(): number {
    return 0;
  }
}
