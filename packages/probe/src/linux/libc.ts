import { loadKoffi } from './koffi.ts';

/** An address for the kernel, see {@link Libc.addressOf}. */
type Pointer = bigint;

/** The C functions of a probe's socket. All return at once; -1 means that `errno` says why. */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Pointer, addressBytes: number): number;
  connect(fd: number, address: Pointer, addressBytes: number): number;
  setsockopt(fd: number, level: number, name: number, value: Pointer, valueBytes: number): number;
  send(fd: number, bytes: Pointer, length: number, flags: number): number;
  recvmsg(fd: number, message: Pointer, flags: number): number;
  clockGettime(clock: number, time: Pointer): number;
  close(fd: number): number;
  errno(): number;
  /** Address of a buffer's first byte. Its memory must be referenced for as long as the kernel may use it. */
  addressOf(bytes: Uint8Array): Pointer;
}

let bound: Libc | undefined;

/** The process's C library, bound on first use. Throws where koffi has no binary or the library lacks a function. */
export function libc(): Libc {
  bound ??= bindLibc();
  return bound;
}

function bindLibc(): Libc {
  const koffi = loadKoffi();
  const c = koffi.load(null);
  return {
    socket: c.func('int socket(int domain, int type, int protocol)'),
    bind: c.func('int bind(int fd, const void *addr, uint32_t len)'),
    connect: c.func('int connect(int fd, const void *addr, uint32_t len)'),
    setsockopt: c.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t len)'),
    send: c.func('long send(int fd, const void *bytes, size_t length, int flags)'),
    recvmsg: c.func('long recvmsg(int fd, void *message, int flags)'),
    clockGettime: c.func('int clock_gettime(int clock, void *time)'),
    close: c.func('int close(int fd)'),
    errno: () => koffi.errno(),
    addressOf: (bytes) => koffi.address(bytes),
  };
}
