import { expect, it } from 'vitest';
import { EMFILE } from '../src/linux/constants.ts';
import type { Libc } from '../src/linux/libc.ts';
import { libc } from '../src/linux/libc.ts';
import { Poller } from '../src/linux/poller.ts';

it.each<[string, keyof Libc, number]>([
  ['epoll_create1', 'epollCreate', 0],
  ['eventfd', 'eventfd', 1],
  ['timerfd_create', 'timerfdCreate', 2],
  ['epoll_ctl', 'epollControl', 3],
])('a poller that the system refuses %s says so, with the reason, and leaves nothing open', (call, refused, opened) => {
  let errno = 0;
  const real = libc();
  const closed: number[] = [];
  const kernel: Libc = {
    ...real,
    [refused]() {
      errno = EMFILE;
      return -1;
    },
    close(fd) {
      closed.push(fd);
      errno = 0;
      return real.close(fd);
    },
    errno: () => errno,
  };

  expect(() => new Poller(kernel, (failed) => new Error(`${failed} ${kernel.errno()}`))).toThrow(`${call} ${EMFILE}`);
  expect(new Set(closed).size).toBe(opened);
});
