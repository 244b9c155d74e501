import { getSystemErrorName } from 'node:util';
import { loadKoffi } from './koffi.ts';

/** Addresses in memory are bigints; null is none. */
type Pointer = bigint | null;

interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  /** Two that are connected: their numbers go to `pair`, as two int32. */
  socketpair(domain: number, type: number, protocol: number, pair: Pointer): number;
  connect(fd: number, address: Pointer, bytes: number): number;
  bind(fd: number, address: Pointer, bytes: number): number;
  getsockname(fd: number, address: Pointer, bytes: Pointer): number;
  setsockopt(fd: number, level: number, name: number, value: Pointer, bytes: number): number;
  getsockopt(fd: number, level: number, name: number, value: Pointer, bytes: Pointer): number;
  send(fd: number, data: Pointer, bytes: number, flags: number): number;
  sendto(fd: number, data: Pointer, bytes: number, flags: number, to: Pointer, toBytes: number): number;
  recv(fd: number, data: Pointer, bytes: number, flags: number): number;
  recvfrom(fd: number, data: Pointer, bytes: number, flags: number, from: Pointer, fromBytes: Pointer): number;
  sendmsg(fd: number, message: Pointer, flags: number): number;
  /** On a thread of libuv's pool: it may wait. */
  recvmsg(fd: number, message: Pointer, flags: number): Promise<number>;
  shutdown(fd: number, how: number): number;
  fcntl(fd: number, command: number, value: number): number;
  madvise(address: Pointer, bytes: number, advice: number): number;
  close(fd: number): number;
  errno(): number;
  addressOf(bytes: Uint8Array): bigint;
}

let bound: Libc | undefined;

/** The C functions that capturing needs, bound on first use. Throws where koffi has no binary for this system. */
export function libc(): Libc {
  return (bound ??= bindLibc());
}

function bindLibc(): Libc {
  const koffi = loadKoffi();
  const c = koffi.load(null);
  const recvmsg = c.func('long recvmsg(int fd, void *message, int flags)');
  const fcntl = c.func('int fcntl(int fd, int command, ...)');
  return {
    socket: c.func('int socket(int domain, int type, int protocol)'),
    socketpair: c.func('int socketpair(int domain, int type, int protocol, void *pair)'),
    connect: c.func('int connect(int fd, const void *addr, uint32_t len)'),
    bind: c.func('int bind(int fd, const void *addr, uint32_t len)'),
    getsockname: c.func('int getsockname(int fd, void *addr, void *len)'),
    setsockopt: c.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t len)'),
    getsockopt: c.func('int getsockopt(int fd, int level, int name, void *value, void *len)'),
    send: c.func('long send(int fd, const void *bytes, size_t length, int flags)'),
    sendto: c.func('long sendto(int fd, const void *bytes, size_t length, int flags, const void *to, uint32_t to_len)'),
    recv: c.func('long recv(int fd, void *bytes, size_t length, int flags)'),
    recvfrom: c.func('long recvfrom(int fd, void *bytes, size_t length, int flags, void *from, void *from_len)'),
    sendmsg: c.func('long sendmsg(int fd, const void *message, int flags)'),
    recvmsg: (fd, message, flags) =>
      new Promise((resolve) => {
        recvmsg.async(fd, message, flags, (error: Error | null, result: number) => resolve(error === null ? Number(result) : -1));
      }),
    fcntl: (fd, command, value) => fcntl(fd, command, 'int', value) as number,
    madvise: c.func('int madvise(void *address, size_t bytes, int advice)'),
    shutdown: c.func('int shutdown(int fd, int how)'),
    close: c.func('int close(int fd)'),
    errno: () => koffi.errno(),
    addressOf: (bytes) => koffi.address(bytes),
  };
}

/** The name of the last call's error, such as EACCES. */
export function errnoName(): string {
  return getSystemErrorName(-libc().errno());
}

/** Zeroed memory whose address does not change while this object is referenced. Numbers are in the machine's byte order, little-endian. */
export class NativeMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly address: bigint;

  constructor(length: number) {
    const buffer = new ArrayBuffer(length);
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.address = libc().addressOf(this.bytes);
  }
}
