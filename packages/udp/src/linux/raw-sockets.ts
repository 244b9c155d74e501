import { getSystemErrorName } from 'node:util';
import type { SocketOptions } from '../engine.ts';
import { DEFAULT_BUFFER_BYTES } from '../options.ts';
import { portOf, SOCKADDR_BYTES, swap32, writeSockaddr } from './addresses.ts';
import {
  AF_INET,
  RLIMIT_NOFILE,
  SK_MEMINFO_DROPS,
  SK_MEMINFO_WORDS,
  SO_BUSY_POLL,
  SO_MEMINFO,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_REUSEPORT,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
} from './constants.ts';
import type { Libc } from './libc.ts';
import { libc, NativeBlock } from './libc.ts';

/** Scratch memory as 32-bit words: an address, a length, and a value of up to nine words. */
const ADDRESS = 0;
const LENGTH = 4;
const VALUE = 6;
const SCRATCH_WORDS = VALUE + SK_MEMINFO_WORDS;

/** Makes and questions sockets: everything but moving datagrams. Not shared between threads. */
export class RawSockets {
  readonly libc: Libc;
  private readonly scratch: NativeBlock;
  private readonly words: Int32Array;
  private readonly address: bigint;
  private readonly length: bigint;
  private readonly value: bigint;

  constructor() {
    this.libc = libc();
    this.scratch = new NativeBlock(SCRATCH_WORDS * 4);
    this.words = this.scratch.words;
    this.address = this.scratch.address;
    this.length = this.scratch.address + BigInt(LENGTH * 4);
    this.value = this.scratch.address + BigInt(VALUE * 4);
  }

  /** A bound, non-blocking socket's descriptor, or minus the errno of the call that was refused. */
  open(options: SocketOptions): number {
    const fd = this.libc.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -this.libc.errno();
    this.grow(fd, SO_RCVBUFFORCE, SO_RCVBUF, options.receiveBufferBytes ?? DEFAULT_BUFFER_BYTES);
    this.grow(fd, SO_SNDBUFFORCE, SO_SNDBUF, options.sendBufferBytes ?? DEFAULT_BUFFER_BYTES);
    if (options.reusePort === true && !this.setOption(fd, SO_REUSEPORT, 1)) return this.abandon(fd);
    writeSockaddr(this.words, ADDRESS, options.ip | 0, options.port);
    if (this.libc.bind(fd, this.address, SOCKADDR_BYTES) < 0) return this.abandon(fd);
    if (options.connect !== undefined && !this.connect(fd, options.connect.ip, options.connect.port)) {
      return this.abandon(fd);
    }
    return fd;
  }

  connect(fd: number, ip: number, port: number): boolean {
    writeSockaddr(this.words, ADDRESS, ip | 0, port);
    return this.libc.connect(fd, this.address, SOCKADDR_BYTES) === 0;
  }

  /** The local address, unsigned ip; undefined if `fd` is not an IPv4 socket. */
  localAddress(fd: number): { ip: number; port: number } | undefined {
    this.words[LENGTH] = SOCKADDR_BYTES;
    if (this.libc.getsockname(fd, this.address, this.length) < 0) return undefined;
    const familyAndPort = this.words[ADDRESS];
    if ((familyAndPort & 0xffff) !== AF_INET) return undefined;
    return { ip: swap32(this.words[ADDRESS + 1]) >>> 0, port: portOf(familyAndPort) };
  }

  /** Payload bytes granted. The kernel doubles what it is asked for, to pay for its own structures, and reports that. */
  receiveBufferBytes(fd: number): number {
    return this.getOption(fd, SO_RCVBUF) / 2;
  }

  sendBufferBytes(fd: number): number {
    return this.getOption(fd, SO_SNDBUF) / 2;
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

  /** Has the kernel poll the network card for so long when the socket is empty. More than the system's default takes CAP_NET_ADMIN. */
  setBusyPoll(fd: number, busyPollUs: number): boolean {
    return this.setOption(fd, SO_BUSY_POLL, busyPollUs);
  }

  private grow(fd: number, force: number, plain: number, bytes: number): void {
    // The forced form passes net.core.{r,w}mem_max but needs CAP_NET_ADMIN; the plain one is cut to that limit.
    if (!this.setOption(fd, force, bytes)) this.setOption(fd, plain, bytes);
  }

  private setOption(fd: number, name: number, value: number): boolean {
    this.words[VALUE] = value;
    return this.libc.setsockopt(fd, SOL_SOCKET, name, this.value, 4) === 0;
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
