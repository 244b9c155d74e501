import { EFD_CLOEXEC, EFD_NONBLOCK, EPOLL_CLOEXEC, EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLLIN } from './constants.ts';
import type { Libc } from './libc.ts';
import { NativeBlock } from './libc.ts';

/** Most events of one wait. Sockets beyond it have their turn in the next: the kernel rotates its list. */
const MAX_EVENTS = 256;

/** What {@link Poller.idOf} says of the wake descriptor. */
export const WAKE_ID = -1;

/**
 * Waits for readable sockets with epoll, level-triggered: what is not drained is reported again. An event carries its
 * socket's id in the lower half of epoll_event's data; struct epoll_event is packed to 12 bytes on x86-64 only.
 */
export class Poller {
  readonly epollFd: number;
  readonly wakeFd: number;
  private readonly libc: Libc;
  private readonly events: NativeBlock;
  private readonly control: NativeBlock;
  private readonly wakeCount: NativeBlock;
  private readonly eventWords: number;
  private readonly dataWord: number;

  constructor(libc: Libc, fail: (call: string) => Error) {
    const packed = process.arch === 'x64';
    this.libc = libc;
    this.eventWords = packed ? 3 : 4;
    this.dataWord = packed ? 1 : 2;
    this.events = new NativeBlock(MAX_EVENTS * this.eventWords * 4);
    this.control = new NativeBlock(16);
    this.wakeCount = new NativeBlock(8);
    this.epollFd = libc.epollCreate(EPOLL_CLOEXEC);
    if (this.epollFd < 0) throw fail('epoll_create1');
    this.wakeFd = libc.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (this.wakeFd < 0 || !this.add(this.wakeFd, WAKE_ID)) {
      const failure = fail('eventfd');
      this.close();
      throw failure;
    }
  }

  add(fd: number, id: number): boolean {
    this.control.words[0] = EPOLLIN;
    this.control.words[this.dataWord] = id;
    return this.libc.epollControl(this.epollFd, EPOLL_CTL_ADD, fd, this.control.address) === 0;
  }

  /** Needed even when the descriptor is closed next: another process or thread may hold the same socket open. */
  remove(fd: number): void {
    this.libc.epollControl(this.epollFd, EPOLL_CTL_DEL, fd, this.control.address);
  }

  /** Number of events, 0 after the timeout, -1 with errno. */
  wait(timeoutMs: number): number {
    return this.libc.epollWait(this.epollFd, this.events.address, MAX_EVENTS, timeoutMs);
  }

  idOf(event: number): number {
    return this.events.words[event * this.eventWords + this.dataWord];
  }

  wake(): void {
    this.wakeCount.words[0] = 1;
    this.wakeCount.words[1] = 0;
    this.libc.write(this.wakeFd, this.wakeCount.address, 8);
  }

  /** Takes all wakes so far, so that the descriptor is readable again only after the next. */
  takeWakes(): void {
    this.libc.read(this.wakeFd, this.wakeCount.address, 8);
  }

  close(): void {
    if (this.wakeFd >= 0) this.libc.close(this.wakeFd);
    this.libc.close(this.epollFd);
  }
}
