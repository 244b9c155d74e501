import { AddressBook } from '@lightspeed/wire';
import { SOCKADDR_BYTES } from './addresses.ts';
import { CLOCK_MONOTONIC, EAGAIN, MSG_DONTWAIT } from './constants.ts';
import type { Libc } from './libc.ts';
import { libc } from './libc.ts';
import { explainLoadFailure } from './load-failure.ts';
import { IOVEC_COUNT, MessageTable } from './message-layout.ts';
import { errnoName, RawSockets } from './raw-sockets.ts';

/** Machines whose structures and numbers this package knows: 64-bit, little-endian. */
const ARCHITECTURES: readonly string[] = ['x64', 'arm64'];

/** Why the batch engine cannot run here. */
export interface Obstacle {
  readonly reason: string;
  /** Whether the platform is one on which it is promised. */
  readonly isUnexpected: boolean;
  readonly cause?: unknown;
}

/**
 * Why the batch engine cannot work on this machine, or undefined if it can.
 * @param load gives the C library, or throws
 */
export function findObstacle(load: () => Libc = libc): Obstacle | undefined {
  if (process.platform !== 'linux') return { reason: `the system is ${process.platform}, not Linux`, isUnexpected: false };
  if (!ARCHITECTURES.includes(process.arch)) {
    return { reason: `the processor is ${process.arch}, not one of ${ARCHITECTURES.join(', ')}`, isUnexpected: false };
  }
  let c: Libc;
  try {
    c = load();
  } catch (cause) {
    return { reason: explainLoadFailure(cause), isUnexpected: true, cause };
  }
  return tryCalls(c);
}

/** Sandboxes (seccomp profiles, emulated kernels) may refuse single system calls: only trying tells. */
function tryCalls(c: Libc): Obstacle | undefined {
  const epollFd = c.epollCreate(0);
  if (epollFd < 0) return refused('epoll_create1', c.errno());
  c.close(epollFd);
  const wakeFd = c.eventfd(0, 0);
  if (wakeFd < 0) return refused('eventfd', c.errno());
  c.close(wakeFd);
  const alarmFd = c.timerfdCreate(CLOCK_MONOTONIC, 0);
  if (alarmFd < 0) return refused('timerfd_create', c.errno());
  c.close(alarmFd);

  const fd = new RawSockets(new AddressBook({ maxRetained: 1 })).open({
    ip: 0x7f000001,
    port: 0,
    receiveBufferBytes: 0,
    sendBufferBytes: 0,
  });
  if (fd < 0) return refused('socket', -fd);
  try {
    // With nothing to receive and nothing to send, calls that exist say EAGAIN and 0. Emulators read the header even so.
    const { addresses, words } = new MessageTable(1, { nameBytes: SOCKADDR_BYTES, controlBytes: 0 });
    words[IOVEC_COUNT] = 0;
    if (c.recvmmsg(fd, addresses[0], 1, MSG_DONTWAIT, 0) < 0 && c.errno() !== EAGAIN) return refused('recvmmsg', c.errno());
    if (c.sendmmsg(fd, addresses[0], 0, MSG_DONTWAIT) < 0) return refused('sendmmsg', c.errno());
    return undefined;
  } finally {
    c.close(fd);
  }
}

function refused(call: string, errno: number): Obstacle {
  return { reason: `the system refuses ${call}: ${errnoName(errno)}`, isUnexpected: true };
}
