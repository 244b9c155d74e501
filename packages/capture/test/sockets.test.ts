import { describe, expect, it, onTestFinished } from 'vitest';
import { NativeMemory, libc } from '../src/base/libc.ts';
import { closeFd, openTransparent } from '../src/helper/sockets.ts';

const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)('a socket of a capture', () => {
  it('has room for a burst of 4 MB, whatever the system gives to others', () => {
    const fd = openTransparent({ ip: '127.0.0.1', port: 0 }, 0x4c53_ffff);
    onTestFinished(() => closeFd(fd));
    const [value, length] = [new NativeMemory(4), new NativeMemory(4)];
    length.view.setUint32(0, 4, true);
    expect(libc().getsockopt(fd, SOL_SOCKET, SO_RCVBUF, value.address, length.address)).toBe(0);
    // The kernel reports twice what it was asked for.
    expect(value.view.getUint32(0, true)).toBe(2 * 4 * 1024 * 1024);
  });
});
