import type { Socket } from 'node:net';
import type { CapturedFlow, FlowAddress } from '../protocol.ts';
import { addressBytes, writePacket } from './packet.ts';
import { NativeMemory, errnoName, libc } from '../base/libc.ts';

/* Sockets that only root may open (socket(7), ip(7), raw(7)). Numbers on the wire are big-endian. */

const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x8_0000;
const IPPROTO_RAW = 255;
const SOL_IP = 0;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const SO_MARK = 36;
const SO_PEERCRED = 17;
const IP_TRANSPARENT = 19;
/** As the other sockets of a client have it: what a server browser asks in a burst must not push out a game's datagrams. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
const SOCKADDR_BYTES = 16;
const UCRED_BYTES = 12;

/** The system does not let a socket be opened, or a datagram be sent. */
export class SocketError extends Error {
  override readonly name = 'SocketError';
  /** Such as EPERM. */
  readonly errno: string;

  constructor(what: string) {
    const errno = errnoName();
    super(`${what}: ${errno === 'ENETUNREACH' ? 'this machine has no route to it (ENETUNREACH); is it online?' : errno}`);
    this.errno = errno;
  }
}

/** Who is at the other end of a Unix socket. */
export interface Peer {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** Of a connection: Node names it in the socket's handle only. @throws {Error} if the connection is closed. */
export function descriptorOf(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: number } };
  if (handle?.fd === undefined || handle.fd < 0) throw new Error('the connection has no descriptor');
  return handle.fd;
}

/** Asks the kernel who has connected, or at a client's end who listens (SO_PEERCRED). */
export function peerOf(fd: number): Peer {
  const value = new NativeMemory(UCRED_BYTES);
  const length = new NativeMemory(4);
  length.view.setUint32(0, UCRED_BYTES, true);
  if (libc().getsockopt(fd, SOL_SOCKET, SO_PEERCRED, value.address, length.address) < 0)
    throw new SocketError('cannot ask who has connected');
  return { pid: value.view.getInt32(0, true), uid: value.view.getUint32(4, true), gid: value.view.getUint32(8, true) };
}

/**
 * A UDP socket that may have addresses of other machines (IP_TRANSPARENT) and whose packets carry a mark.
 * @returns its descriptor: whoever gets it closes it.
 * @throws {SocketError} with what the system says.
 */
export function openTransparent({ ip, port }: FlowAddress | { ip: string; port: 0 }, mark: number): number {
  if (port === 0) return openAtFreePort(ip, mark);
  const fd = open(SOCK_DGRAM | SOCK_NONBLOCK, 0);
  set(fd, SOL_IP, IP_TRANSPARENT, 1);
  set(fd, SOL_SOCKET, SO_MARK, mark);
  // The first takes the right over the whole machine. The second grants what the system's limit allows.
  if (!isSet(fd, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)) isSet(fd, SO_RCVBUF, RECEIVE_BUFFER_BYTES);
  // Captures of two users may speak with one server.
  set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  const address = sockaddr(ip, port);
  if (libc().bind(fd, address.address, SOCKADDR_BYTES) < 0) throw failed(fd, `cannot bind to ${ip}:${port}`);
  return fd;
}

/**
 * At a port that the system chooses. Whoever has a socket that was bound to port 0 can dissolve that (`connect` to AF_UNSPEC) and bind
 * it to another machine's address. A port that was asked for stays.
 */
function openAtFreePort(ip: string, mark: number): number {
  const choosing = open(SOCK_DGRAM | SOCK_NONBLOCK, 0);
  set(choosing, SOL_SOCKET, SO_REUSEADDR, 1);
  if (libc().bind(choosing, sockaddr(ip, 0).address, SOCKADDR_BYTES) < 0) throw failed(choosing, `cannot bind to ${ip}`);
  try {
    return openTransparent({ ip, port: portOf(choosing) }, mark);
  } finally {
    closeFd(choosing);
  }
}

/** A UDP socket like that of any program. */
export function openPlain(): number {
  return open(SOCK_DGRAM, 0);
}

/** A socket for whole IPv4 packets, which carry a mark. */
export function openRaw(mark: number): number {
  const fd = open(SOCK_RAW | SOCK_NONBLOCK, IPPROTO_RAW);
  set(fd, SOL_SOCKET, SO_MARK, mark);
  return fd;
}

/** Closes it. It must be open. */
export function closeFd(fd: number): void {
  libc().close(fd);
}

/** The port that a socket is bound to. */
export function portOf(fd: number): number {
  const address = new NativeMemory(SOCKADDR_BYTES);
  const length = new NativeMemory(4);
  length.view.setUint32(0, SOCKADDR_BYTES, true);
  libc().getsockname(fd, address.address, length.address);
  return address.view.getUint16(2);
}

/** Sends a datagram from a socket. @throws {SocketError} with what the system says. */
export function sendFrom(fd: number, to: FlowAddress, payload: Uint8Array): void {
  const address = sockaddr(to.ip, to.port);
  const data = new NativeMemory(Math.max(1, payload.length));
  data.bytes.set(payload);
  if (Number(libc().sendto(fd, data.address, payload.length, 0, address.address, SOCKADDR_BYTES)) < 0) {
    throw new SocketError(`cannot send to ${to.ip}:${to.port}`);
  }
}

/** Sends a datagram by a raw socket with a program's own address and port. @throws {SocketError} with what the system says. */
export function sendAs(raw: number, { source, server }: CapturedFlow, payload: Uint8Array): void {
  const bytes = writePacket(source, server, payload);
  const data = new NativeMemory(bytes.length);
  data.bytes.set(bytes);
  const address = sockaddr(server.ip, 0);
  if (Number(libc().sendto(raw, data.address, bytes.length, 0, address.address, SOCKADDR_BYTES)) < 0) {
    throw new SocketError(`cannot send to ${server.ip}:${server.port}`);
  }
}

function open(type: number, protocol: number): number {
  const fd = libc().socket(AF_INET, type | SOCK_CLOEXEC, protocol);
  if (fd < 0) throw new SocketError('cannot open a socket');
  return fd;
}

function set(fd: number, level: number, name: number, value: number): void {
  if (!isSet(fd, name, value, level)) throw failed(fd, `cannot set option ${name} of a socket`);
}

/** Sets an option. @returns whether the system lets it. */
function isSet(fd: number, name: number, value: number, level = SOL_SOCKET): boolean {
  const memory = new NativeMemory(4);
  memory.view.setInt32(0, value, true);
  return libc().setsockopt(fd, level, name, memory.address, 4) >= 0;
}

function failed(fd: number, what: string): SocketError {
  const error = new SocketError(what);
  libc().close(fd);
  return error;
}

function sockaddr(ip: string, port: number): NativeMemory {
  const memory = new NativeMemory(SOCKADDR_BYTES);
  memory.view.setUint16(0, AF_INET, true);
  memory.view.setUint16(2, port);
  memory.bytes.set(addressBytes(ip), 4);
  return memory;
}
