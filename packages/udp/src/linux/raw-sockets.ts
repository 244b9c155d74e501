import { getSystemErrorName } from 'node:util';
import type { AddressBook, AddressHandle, Microseconds, Port } from '@lightspeed/wire';
import { isIpv6 } from '@lightspeed/wire';
import type { SocketOptions } from '../engine.ts';
import { DEFAULT_BUFFER_BYTES, isWildcard } from '../options.ts';
import {
  ipOfSockaddrIn6,
  portOf,
  SOCKADDR_BYTES,
  SOCKADDR_IN6_BYTES,
  SOCKADDR_IN6_WORDS,
  swap32,
  writeSockaddr,
  writeSockaddrIn6,
} from './addresses.ts';
import {
  AF_INET,
  AF_INET6,
  IP_ORIGDSTADDR,
  IP_PKTINFO,
  IP_TRANSPARENT,
  IPV6_ORIGDSTADDR,
  IPV6_RECVPKTINFO,
  IPV6_TRANSPARENT,
  IPV6_V6ONLY,
  RLIMIT_NOFILE,
  SK_MEMINFO_DROPS,
  SK_MEMINFO_WORDS,
  SO_ATTACH_FILTER,
  SO_BUSY_POLL,
  SO_MARK,
  SO_MEMINFO,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_REUSEPORT,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SO_TYPE,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
  SOL_UDP,
  UDP_GRO,
} from './constants.ts';
import type { Libc } from './libc.ts';
import { libc, NativeBlock } from './libc.ts';

/** Scratch memory as 32-bit words: an address, a length, and a value of up to nine words. */
const ADDRESS = 0;
const LENGTH = SOCKADDR_IN6_WORDS;
const VALUE = LENGTH + 1;
const SCRATCH_WORDS = VALUE + SK_MEMINFO_WORDS;

/** Where a socket is bound. */
export interface LocalAddress {
  /** A handle. */
  readonly ip: AddressHandle;
  readonly port: Port;
  readonly isIpv6: boolean;
}

/** Makes and questions sockets: everything but moving datagrams. Not shared between threads. */
export class RawSockets {
  readonly libc: Libc;
  private readonly book: AddressBook;
  private readonly scratch: NativeBlock;
  private readonly words: Int32Array;
  private readonly address: bigint;
  private readonly length: bigint;
  private readonly value: bigint;

  /** @param book whose handles addresses are */
  constructor(book: AddressBook) {
    this.book = book;
    this.libc = libc();
    this.scratch = new NativeBlock(SCRATCH_WORDS * 4);
    this.words = this.scratch.words;
    this.address = this.scratch.address;
    this.length = this.scratch.address + BigInt(LENGTH * 4);
    this.value = this.scratch.address + BigInt(VALUE * 4);
  }

  /** A bound, non-blocking socket's descriptor, or minus the errno of the call that was refused. */
  open(options: SocketOptions): number {
    const family = isIpv6(options.ip) ? AF_INET6 : AF_INET;
    const fd = this.libc.socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -this.libc.errno();
    this.grow(fd, SO_RCVBUFFORCE, SO_RCVBUF, options.receiveBufferBytes ?? DEFAULT_BUFFER_BYTES);
    this.grow(fd, SO_SNDBUFFORCE, SO_SNDBUF, options.sendBufferBytes ?? DEFAULT_BUFFER_BYTES);
    const ready =
      this.setBeforeBind(fd, options, family === AF_INET6) &&
      this.askForDestinations(fd, { ip: options.ip, isIpv6: family === AF_INET6 }, options) &&
      this.libc.bind(fd, this.address, this.writeAddress(family === AF_INET6, options.ip, options.port)) === 0 &&
      (options.connect === undefined || this.connect(fd, family === AF_INET6, options.connect.ip, options.connect.port));
    return ready ? fd : this.abandon(fd);
  }

  connect(fd: number, isIpv6Socket: boolean, ip: AddressHandle, port: Port): boolean {
    return this.libc.connect(fd, this.address, this.writeAddress(isIpv6Socket, ip, port)) === 0;
  }

  /** Has datagrams say where they were sent to, as far as the options want that and it is not known anyway. */
  askForDestinations(fd: number, local: { readonly ip: AddressHandle; readonly isIpv6: boolean }, options: SocketOptions): boolean {
    const [level, name] = local.isIpv6 ? [SOL_IPV6, IPV6_RECVPKTINFO] : [SOL_IP, IP_PKTINFO];
    if (options.localAddresses === true && isWildcard(local.ip) && !this.setOption(fd, level, name, 1)) return false;
    if (options.originalDestinations !== true) return true;
    // An IPv6 socket hears IPv4 datagrams too, and those say it in the form of IPv4.
    return this.setOption(fd, SOL_IP, IP_ORIGDSTADDR, 1) && (!local.isIpv6 || this.setOption(fd, SOL_IPV6, IPV6_ORIGDSTADDR, 1));
  }

  /** The local address; undefined if `fd` is not an IPv4 or IPv6 socket. */
  localAddress(fd: number): LocalAddress | undefined {
    this.words[LENGTH] = SOCKADDR_IN6_BYTES;
    if (this.libc.getsockname(fd, this.address, this.length) < 0) return undefined;
    const family = this.words[ADDRESS] & 0xffff;
    if (family !== AF_INET && family !== AF_INET6) return undefined;
    const ip = family === AF_INET ? swap32(this.words[ADDRESS + 1]) : ipOfSockaddrIn6(this.words, ADDRESS, this.book);
    return { ip, port: portOf(this.words[ADDRESS]), isIpv6: family === AF_INET6 };
  }

  /** Payload bytes granted. The kernel doubles what it is asked for, to pay for its own structures, and reports that. */
  receiveBufferBytes(fd: number): number {
    return this.getOption(fd, SO_RCVBUF) / 2;
  }

  sendBufferBytes(fd: number): number {
    return this.getOption(fd, SO_SNDBUF) / 2;
  }

  /** Whether it is a socket for datagrams, of IPv4 or IPv6. */
  isDatagram(fd: number): boolean {
    return this.getOption(fd, SO_TYPE) === SOCK_DGRAM;
  }

  /** Has each datagram come alone. @returns whether the system has done so */
  endMerging(fd: number): boolean {
    return this.setOption(fd, SOL_UDP, UDP_GRO, 0);
  }

  /** @param program a `struct sock_fprog`. @returns whether the system has taken it */
  attachFilter(fd: number, program: NativeBlock): boolean {
    return this.libc.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, program.address, program.bytes.length) === 0;
  }

  /** Datagrams dropped in front of this socket so far, an int32 bit pattern that wraps. */
  drops(fd: number): number {
    this.words[LENGTH] = SK_MEMINFO_WORDS * 4;
    if (this.libc.getsockopt(fd, SOL_SOCKET, SO_MEMINFO, this.value, this.length) < 0) return 0;
    return this.words[VALUE + SK_MEMINFO_DROPS];
  }

  /** Raises this process's limit of open descriptors to the most it may have. Node does so at its start on Linux; an embedder may not. */
  raiseDescriptorLimit(): void {
    if (this.libc.getrlimit(RLIMIT_NOFILE, this.value) < 0) return;
    const [soft, softHigh, hard, hardHigh] = this.words.subarray(VALUE, VALUE + 4);
    if (soft === hard && softHigh === hardHigh) return;
    this.words[VALUE] = hard;
    this.words[VALUE + 1] = hardHigh;
    this.libc.setrlimit(RLIMIT_NOFILE, this.value);
  }

  /** Whether sockets that are opened from now on may share the port of this one, if they ask for it too (SO_REUSEPORT). */
  setPortShared(fd: number, isShared: boolean): boolean {
    return this.setOption(fd, SOL_SOCKET, SO_REUSEPORT, isShared ? 1 : 0);
  }

  /** Has the kernel poll the network card for so long when the socket is empty. More than the system's default takes CAP_NET_ADMIN. */
  setBusyPoll(fd: number, busyPollUs: Microseconds): boolean {
    return this.setOption(fd, SOL_SOCKET, SO_BUSY_POLL, busyPollUs);
  }

  private grow(fd: number, force: number, plain: number, bytes: number): void {
    // The forced form passes net.core.{r,w}mem_max but needs CAP_NET_ADMIN; the plain one is cut to that limit.
    if (!this.setOption(fd, SOL_SOCKET, force, bytes)) this.setOption(fd, SOL_SOCKET, plain, bytes);
  }

  private setBeforeBind(fd: number, options: SocketOptions, isIpv6Socket: boolean): boolean {
    if (options.reusePort === true && !this.setOption(fd, SOL_SOCKET, SO_REUSEPORT, 1)) return false;
    if (isIpv6Socket && !this.setOption(fd, SOL_IPV6, IPV6_V6ONLY, options.dualStack === true ? 0 : 1)) return false;
    if (options.mark !== undefined && !this.setOption(fd, SOL_SOCKET, SO_MARK, options.mark)) return false;
    if (options.transparent !== true) return true;
    return isIpv6Socket ? this.setOption(fd, SOL_IPV6, IPV6_TRANSPARENT, 1) : this.setOption(fd, SOL_IP, IP_TRANSPARENT, 1);
  }

  /** Writes a socket address into the scratch memory. @returns its length */
  private writeAddress(isIpv6Socket: boolean, ip: AddressHandle, port: Port): number {
    if (isIpv6Socket) writeSockaddrIn6(this.words, ADDRESS, this.book, ip, port);
    else writeSockaddr(this.words, ADDRESS, ip, port);
    return isIpv6Socket ? SOCKADDR_IN6_BYTES : SOCKADDR_BYTES;
  }

  private setOption(fd: number, level: number, name: number, value: number): boolean {
    this.words[VALUE] = value;
    return this.libc.setsockopt(fd, level, name, this.value, 4) === 0;
  }

  private getOption(fd: number, name: number): number {
    this.words[LENGTH] = 4;
    return this.libc.getsockopt(fd, SOL_SOCKET, name, this.value, this.length) < 0 ? 0 : this.words[VALUE];
  }

  private abandon(fd: number): number {
    const errno = this.libc.errno();
    this.libc.close(fd);
    return -errno;
  }
}

/** 'EADDRINUSE' for 98 and so on. */
export function errnoName(errno: number): string {
  return getSystemErrorName(-errno);
}
