import type { AddressHandle, Port } from '@lightspeed/wire';
import type { DatagramSocket } from '../engine.ts';

/** No entry: the end of a socket's list of queued datagrams. */
export const NONE = -1;

/** What a socket needs of its engine. */
export interface SocketOwner {
  closeSocket(socket: BatchSocket): void;
  readDrops(socket: BatchSocket): void;
}

/** How a socket is used. */
export interface SocketUse {
  readonly isIpv6: boolean;
  readonly hasDestinations: boolean;
  readonly adopted: boolean;
  readonly connected: boolean;
  /** Drops that the kernel had counted when it was opened or adopted. */
  readonly dropsRead: number;
}

/** A socket of the batch engine. The engine writes the fields that its users see as readonly or not at all. */
export class BatchSocket implements DatagramSocket {
  readonly id: number;
  readonly localIp: AddressHandle;
  readonly localPort: Port;
  readonly receiveBufferBytes: number;
  readonly sendBufferBytes: number;
  tag: number;

  /** -1 once closed. */
  fd: number;
  readonly isIpv6: boolean;
  /** Whether its datagrams come with control messages that say where they were sent to. */
  readonly hasDestinations: boolean;
  readonly adopted: boolean;
  readonly connected: boolean;
  /** First and last of its queued datagrams, see SendQueue. */
  queueHead: number;
  queueTail: number;
  /** Whether its last receive brought a single datagram, and in which round that was. */
  receivesOne: boolean;
  receivedInRound: number;
  /** The kernel's figure when last read (it wraps), and the drops that makes since the socket was opened. */
  dropsRead: number;
  drops: number;
  private readonly owner: SocketOwner;

  constructor(
    owner: SocketOwner,
    id: number,
    fd: number,
    local: { ip: AddressHandle; port: Port },
    buffers: { receive: number; send: number },
    use: SocketUse,
  ) {
    this.id = id;
    this.localIp = local.ip;
    this.localPort = local.port;
    this.receiveBufferBytes = buffers.receive;
    this.sendBufferBytes = buffers.send;
    this.tag = 0;
    this.fd = fd;
    this.isIpv6 = use.isIpv6;
    this.hasDestinations = use.hasDestinations;
    this.adopted = use.adopted;
    this.connected = use.connected;
    this.queueHead = NONE;
    this.queueTail = NONE;
    this.receivesOne = false;
    this.receivedInRound = 0;
    this.dropsRead = use.dropsRead;
    this.drops = 0;
    this.owner = owner;
  }

  close(): void {
    this.owner.closeSocket(this);
  }

  kernelDrops(): number {
    this.owner.readDrops(this);
    return this.drops;
  }
}
