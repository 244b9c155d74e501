import { writeSync } from 'node:fs';
import { AddressBook } from '@lightspeed/wire';
import type { Port } from '@lightspeed/wire';
import type { SocketOptions } from '../engine.ts';
import { UdpError } from '../errors.ts';
import { openError } from '../open-error.ts';
import { checkSocketOptions } from '../options.ts';
import { errnoName, RawSockets } from './raw-sockets.ts';

/*
 * What the main thread does for its workers. It owns the sockets that carry the node's public port. So the kernel's group
 * of sockets on that port, and with it who goes to which socket, stays the same when a worker is replaced.
 */

/** Handles mean something in one thread only, so addresses are text here: this book is between the text and the kernel. */
const book = new AddressBook({ maxRetained: 1 });

let sockets: RawSockets | undefined;

function rawSockets(): RawSockets {
  sockets ??= new RawSockets(book);
  return sockets;
}

/** As {@link SocketOptions}, with the address as text, for a socket that an engine of some thread adopts. */
export interface DataSocketOptions extends Omit<SocketOptions, 'ip' | 'fd' | 'connect'> {
  /** `0.0.0.0` and `::` are every address of their family. */
  readonly address: string;
}

/**
 * Opens a bound, non-blocking socket for an engine in some thread to adopt (`SocketOptions.fd`). `reusePort` is true
 * unless told otherwise. The caller closes it with {@link closeFd} when nobody uses it any more. Batch engine only.
 */
export function openDataSocketFd(options: DataSocketOptions): number {
  const ip = book.parse(options.address);
  if (ip === undefined) {
    throw new UdpError('ERR_UDP_INVALID_ARGUMENT', `address is '${options.address}'; allowed is an IPv4 or IPv6 address`);
  }
  const all = { ...options, ip, reusePort: options.reusePort ?? true };
  checkSocketOptions(all);
  const fd = rawSockets().open(all);
  if (fd < 0) throw openError(all, errnoName(-fd), book);
  return fd;
}

/**
 * Says of a socket whether others that are opened from now on may share its port, if they ask for it too (`reusePort`). Those
 * that share it already go on doing so. Meant for sockets on single addresses beside one on all of them, see {@link DataSocketOptions}.
 */
export function setPortShared(fd: number, isShared: boolean): void {
  rawSockets().setPortShared(fd, isShared);
}

/** What a data socket is bound to and was granted. */
export interface DataSocketDescription {
  /** The address that it is bound to, as text. */
  readonly address: string;
  readonly port: Port;
  /** What the system granted. */
  readonly receiveBufferBytes: number;
  readonly sendBufferBytes: number;
}

/** Where a socket of {@link openDataSocketFd} is bound, e.g. after port 0, and the buffers that it got. */
export function describeDataSocketFd(fd: number): DataSocketDescription {
  const local = rawSockets().localAddress(fd);
  if (local === undefined) throw new UdpError('ERR_UDP_INVALID_ARGUMENT', `descriptor ${fd} is not an IPv4 or IPv6 socket`);
  return {
    address: book.format(local.ip),
    port: local.port,
    receiveBufferBytes: rawSockets().receiveBufferBytes(fd),
    sendBufferBytes: rawSockets().sendBufferBytes(fd),
  };
}

/** Closes a raw descriptor. Nothing else may still use it: its number goes to whoever opens something next. */
export function closeFd(fd: number): void {
  rawSockets().libc.close(fd);
}

const ONE = new BigUint64Array([1n]);

/**
 * Wakes a batch engine in another thread: its handler's `onWake` is called soon, once for any number of wakes.
 *
 * @param fd that engine's `wakeFd`, which must still be open: only for as long as the worker lives
 */
export function wakeEngine(fd: number): void {
  writeSync(fd, new Uint8Array(ONE.buffer));
}
