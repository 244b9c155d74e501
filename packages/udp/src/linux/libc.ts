import type { ByteLength, Milliseconds } from '@lightspeed/wire';
import { loadKoffi } from './koffi.ts';

/** An address for the kernel: one that {@link Libc.addressOf} gave (constant, so passing it allocates nothing), or null. */
type Pointer = bigint | null;

/**
 * The C functions of the packet path. All block the thread for as long as they take; -1 means that `errno` says why.
 * A call costs some 50 ns on top of the system call. Memory behind a pointer must outlive the call: keep its typed
 * array referenced.
 */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Pointer, addressBytes: number): number;
  connect(fd: number, address: Pointer, addressBytes: number): number;
  getsockname(fd: number, address: Pointer, addressBytes: Pointer): number;
  setsockopt(fd: number, level: number, name: number, value: Pointer, valueBytes: number): number;
  getsockopt(fd: number, level: number, name: number, value: Pointer, valueBytes: Pointer): number;
  close(fd: number): number;
  /** Without a timeout: the last argument is always 0, as a number because koffi takes longer for a null pointer. */
  recvmmsg(fd: number, messages: Pointer, count: number, flags: number, noTimeout: 0): number;
  recvfrom(fd: number, buffer: Pointer, bytes: number, flags: number, from: Pointer, fromBytes: Pointer): number;
  /** The message's header alone: the first of a table's is one. */
  recvmsg(fd: number, message: Pointer, flags: number): number;
  sendmmsg(fd: number, messages: Pointer, count: number, flags: number): number;
  sendto(fd: number, bytes: Pointer, lengthBytes: ByteLength, flags: number, to: Pointer, toBytes: number): number;
  sendmsg(fd: number, message: Pointer, flags: number): number;
  poll(entries: Pointer, count: number, timeoutMs: Milliseconds): number;
  epollCreate(flags: number): number;
  epollControl(epollFd: number, operation: number, fd: number, event: Pointer): number;
  epollWait(epollFd: number, events: Pointer, maxEvents: number, timeoutMs: Milliseconds): number;
  eventfd(initial: number, flags: number): number;
  timerfdCreate(clock: number, flags: number): number;
  timerfdSetTime(fd: number, flags: number, time: Pointer, before: Pointer): number;
  read(fd: number, buffer: Pointer, bytes: number): number;
  write(fd: number, buffer: Pointer, bytes: number): number;
  clockGettime(clock: number, time: Pointer): number;
  getrlimit(resource: number, limits: Pointer): number;
  setrlimit(resource: number, limits: Pointer): number;
  schedSetaffinity(pid: number, maskBytes: number, mask: Pointer): number;
  schedGetaffinity(pid: number, maskBytes: number, mask: Pointer): number;
  errno(): number;
  /** Address of a buffer's first byte. The buffer must not live on V8's heap: use {@link NativeBlock} or wasm memory. */
  addressOf(bytes: Uint8Array): bigint;
}

function bindLibc(): Libc {
  const koffi = loadKoffi();
  const c = koffi.load(null);
  return {
    socket: c.func('int socket(int domain, int type, int protocol)'),
    bind: c.func('int bind(int fd, const void *addr, uint32_t len)'),
    connect: c.func('int connect(int fd, const void *addr, uint32_t len)'),
    getsockname: c.func('int getsockname(int fd, void *addr, void *len)'),
    setsockopt: c.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t len)'),
    getsockopt: c.func('int getsockopt(int fd, int level, int name, void *value, void *len)'),
    close: c.func('int close(int fd)'),
    recvmmsg: c.func('int recvmmsg(int fd, void *messages, uint32_t count, int flags, intptr_t no_timeout)'),
    recvfrom: c.func('int recvfrom(int fd, void *buffer, size_t bytes, int flags, void *from, void *from_bytes)'),
    recvmsg: c.func('long recvmsg(int fd, void *message, int flags)'),
    sendmmsg: c.func('int sendmmsg(int fd, void *messages, uint32_t count, int flags)'),
    sendto: c.func('int sendto(int fd, const void *bytes, size_t length, int flags, const void *to, uint32_t to_bytes)'),
    sendmsg: c.func('long sendmsg(int fd, const void *message, int flags)'),
    poll: c.func('int poll(void *entries, unsigned long count, int timeout)'),
    epollCreate: c.func('int epoll_create1(int flags)'),
    epollControl: c.func('int epoll_ctl(int epfd, int op, int fd, void *event)'),
    epollWait: c.func('int epoll_wait(int epfd, void *events, int maxevents, int timeout)'),
    eventfd: c.func('int eventfd(uint32_t initval, int flags)'),
    timerfdCreate: c.func('int timerfd_create(int clock, int flags)'),
    timerfdSetTime: c.func('int timerfd_settime(int fd, int flags, const void *time, void *before)'),
    read: c.func('long read(int fd, void *buffer, size_t bytes)'),
    write: c.func('long write(int fd, const void *buffer, size_t bytes)'),
    clockGettime: c.func('int clock_gettime(int clock, void *time)'),
    getrlimit: c.func('int getrlimit(int resource, void *limits)'),
    setrlimit: c.func('int setrlimit(int resource, const void *limits)'),
    schedSetaffinity: c.func('sched_setaffinity', 'int', ['int', 'size_t', 'const void *']),
    schedGetaffinity: c.func('sched_getaffinity', 'int', ['int', 'size_t', 'void *']),
    errno: () => koffi.errno(),
    addressOf: (bytes) => koffi.address(bytes),
  };
}

let bound: Libc | undefined;

/** The process's C library, bound on first use. Throws where koffi has no binary or the library lacks a function. */
export function libc(): Libc {
  bound ??= bindLibc();
  return bound;
}

/** Zeroed memory outside V8's heap, at an address that does not change while this object is referenced. */
export class NativeBlock {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly address: bigint;

  constructor(lengthBytes: ByteLength) {
    const buffer = new ArrayBuffer(lengthBytes);
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.address = libc().addressOf(this.bytes);
  }

  /** Writes a 64-bit pointer or size at a word index. For set-up only: it works with BigInt. */
  setUint64(word: number, value: bigint): void {
    this.words[word] = Number(BigInt.asIntN(32, value));
    this.words[word + 1] = Number(BigInt.asIntN(32, value >> 32n));
  }
}
