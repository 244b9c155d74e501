import {
  CLOCK_MONOTONIC,
  EFD_CLOEXEC,
  EFD_NONBLOCK,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLLET,
  EPOLLIN,
  TFD_CLOEXEC,
  TFD_NONBLOCK,
} from './constants.ts';
import type { Microseconds } from '@lightspeed/wire';
import type { Libc } from './libc.ts';
import { NativeBlock } from './libc.ts';

/** Most events of one wait. Sockets beyond it have their turn in the next: the kernel rotates its list. */
const MAX_EVENTS = 256;

/** What {@link Poller.idOf} says when others wake the thread. */
export const WAKE_ID = -1;
/** What {@link Poller.idOf} says when the alarm has gone off. */
export const ALARM_ID = -2;

const FOREVER = -1;

/**
 * Waits for readable sockets with epoll, level-triggered: what is not drained is reported again. An event carries its
 * socket's id in the lower half of epoll_event's data; struct epoll_event is packed to 12 bytes on x86-64 only.
 *
 * A wait has no timeout but an alarm, a timerfd that is set now and then. For a timeout, the kernel reads the clock and
 * sets and stops a timer in each wait. That would cost 1.5 % of a round trip at 20,000 a second, 3 % at 5,000.
 */
export class Poller {
  readonly wakeFd: number;
  /** All that it has open. */
  readonly descriptors: readonly number[];
  private readonly libc: Libc;
  private readonly epollFd: number;
  private readonly alarmFd: number;
  private readonly events: NativeBlock;
  private readonly control: NativeBlock;
  private readonly wakeCount: NativeBlock;
  private readonly alarmTime: NativeBlock;
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
    // struct itimerspec: interval and time to go, each as seconds and nanoseconds of 64 bits.
    this.alarmTime = new NativeBlock(32);
    const opened: number[] = [];
    const must = (call: string, result: number): number => {
      if (result >= 0) return result;
      const failure = fail(call);
      for (const fd of opened) libc.close(fd);
      throw failure;
    };
    const open = (call: string, fd: number): number => {
      opened.push(must(call, fd));
      return fd;
    };
    this.epollFd = open('epoll_create1', libc.epollCreate(EPOLL_CLOEXEC));
    this.wakeFd = open('eventfd', libc.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    this.alarmFd = open('timerfd_create', libc.timerfdCreate(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    must('epoll_ctl', this.watch(this.wakeFd, WAKE_ID, EPOLLIN));
    must('epoll_ctl', this.watch(this.alarmFd, ALARM_ID, EPOLLIN | EPOLLET));
    this.descriptors = opened;
  }

  add(fd: number, id: number): boolean {
    return this.watch(fd, id, EPOLLIN) === 0;
  }

  /** Needed even when the descriptor is closed next: another process or thread may hold the same socket open. */
  remove(fd: number): void {
    this.libc.epollControl(this.epollFd, EPOLL_CTL_DEL, fd, this.control.address);
  }

  /** Sleeps until something is readable, somebody wakes it, or the alarm goes off. @returns number of events, -1 with errno */
  wait(): number {
    return this.libc.epollWait(this.epollFd, this.events.address, MAX_EVENTS, FOREVER);
  }

  /** Does not sleep. @returns number of events, maybe 0, -1 with errno */
  look(): number {
    return this.libc.epollWait(this.epollFd, this.events.address, MAX_EVENTS, 0);
  }

  idOf(event: number): number {
    return this.events.words[event * this.eventWords + this.dataWord];
  }

  /** Has the alarm go off once, in so many microseconds (more than 0) from now, instead of when it was set to before. */
  setAlarm(inUs: Microseconds): void {
    const { words } = this.alarmTime;
    words[4] = (inUs / 1_000_000) | 0;
    words[6] = (inUs % 1_000_000) * 1_000;
    this.libc.timerfdSetTime(this.alarmFd, 0, this.alarmTime.address, null);
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
    for (const fd of this.descriptors) this.libc.close(fd);
  }

  private watch(fd: number, id: number, events: number): number {
    this.control.words[0] = events;
    this.control.words[this.dataWord] = id;
    return this.libc.epollControl(this.epollFd, EPOLL_CTL_ADD, fd, this.control.address);
  }
}
