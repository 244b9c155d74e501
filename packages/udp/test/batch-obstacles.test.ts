import { describe, expect, it } from 'vitest';
import { errnoName } from '../src/linux/raw-sockets.ts';
import type { Libc } from '../src/linux/libc.ts';
import { libc } from '../src/linux/libc.ts';
import { findObstacle } from '../src/linux/obstacle.ts';

const EFAULT = 14;

/** A kernel that reads the headers of calls whatever their number is, as qemu's emulation of Linux does. */
function emulated(): Libc {
  const real = libc();
  let fault = false;
  const reading =
    <Rest extends unknown[]>(call: (fd: number, messages: bigint | null, ...rest: Rest) => number) =>
    (fd: number, messages: bigint | null, ...rest: Rest): number => {
      fault = messages === null;
      return fault ? -1 : call(fd, messages, ...rest);
    };
  return {
    ...real,
    recvmmsg: reading(real.recvmmsg),
    sendmmsg: reading(real.sendmmsg),
    errno: () => (fault ? EFAULT : real.errno()),
  };
}

describe.skipIf(process.platform !== 'linux')('an obstacle to the batch engine', () => {
  it('is none where the kernel has all calls', () => {
    expect(findObstacle()).toBeUndefined();
  });

  it('is none under an emulator that reads the header of a call without messages', () => {
    expect(findObstacle(emulated)).toBeUndefined();
  });

  it('is named by the call and the reason for which the system refuses it', () => {
    const refusing = (): Libc => ({ ...libc(), recvmmsg: () => -1, errno: () => EFAULT });
    expect(findObstacle(refusing)).toEqual({ reason: `the system refuses recvmmsg: ${errnoName(EFAULT)}` });
  });

  it('is the C library where it cannot be called', () => {
    const cause = new Error('koffi.node: failed to map segment from shared object');
    const found = findObstacle(() => {
      throw cause;
    });
    expect(found).toMatchObject({ reason: expect.stringContaining('failed to map segment') as string, cause });
  });
});
