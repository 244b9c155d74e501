import { describe, expect, it } from 'vitest';
import { errnoName } from '../src/linux/raw-sockets.ts';
import type { Libc } from '../src/linux/libc.ts';
import { libc } from '../src/linux/libc.ts';
import { explainLoadFailure } from '../src/linux/load-failure.ts';
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

describe.each([
  ['/x/koffi.node: failed to map segment from shared object', /its folder: that is probably mounted noexec \(\/x\/koffi/],
  [
    'libatomic.so.1: cannot open shared object file: No such file or directory',
    /the system has no libatomic\.so\.1, which koffi needs: install/,
  ],
  [
    'Cannot find the native Koffi module; did you bundle it correctly?',
    /file for this platform is not installed: install the packages again/,
  ],
  ['Mismatched native Koffi modules', /koffi cannot call the C library \(Mismatched native Koffi modules\)/],
])('an addon that does not load because of "%s"', (message, words) => {
  it('is explained with what helps', () => {
    expect(explainLoadFailure(new Error(`${message}\nRequire stack:\n- /x`))).toMatch(words);
  });
});

describe.skipIf(process.platform !== 'linux')('an obstacle to the batch engine', () => {
  it('is none where the kernel has all calls', () => {
    expect(findObstacle()).toBeUndefined();
  });

  it('is none under an emulator that reads the header of a call without messages', () => {
    expect(findObstacle(emulated)).toBeUndefined();
  });

  it('is named by the call and the reason for which the system refuses it', () => {
    const refusing = (): Libc => ({ ...libc(), recvmmsg: () => -1, errno: () => EFAULT });
    expect(findObstacle(refusing)).toEqual({ reason: `the system refuses recvmmsg: ${errnoName(EFAULT)}`, isUnexpected: true });
  });

  it('is the C library where it cannot be called', () => {
    const cause = new Error('/x/koffi.node: failed to map segment from shared object');
    const found = findObstacle(() => {
      throw cause;
    });
    expect(found).toMatchObject({ reason: expect.stringContaining('noexec') as string, isUnexpected: true, cause });
  });
});
