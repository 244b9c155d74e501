import { closeFd, describeDataSocketFd, openDataSocketFd, setPortShared } from '@lightspeed/udp';
import type { DatagramSocket } from '@lightspeed/udp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LOOPBACK, play, testEngine } from './support/scenario.ts';

function opened(address: string, port: number, reusePort: boolean): number {
  const fd = openDataSocketFd({ address, port, reusePort, localAddresses: address === '0.0.0.0' });
  onTestFinished(() => closeFd(fd));
  return fd;
}

describe('a port that sockets share for a while', () => {
  it('takes one more socket only meanwhile', () => {
    const fd = opened('0.0.0.0', 0, false);
    const { port } = describeDataSocketFd(fd);
    expect(() => opened('127.0.0.1', port, true)).toThrow(/EADDRINUSE/);
    setPortShared(fd, true);
    const second = opened('127.0.0.1', port, true);
    setPortShared(fd, false);
    setPortShared(second, false);
    expect(() => opened('127.0.0.2', port, true)).toThrow(/EADDRINUSE/);
    expect(() => opened('127.0.0.1', port, true)).toThrow(/EADDRINUSE/);
  });

  it('brings datagrams to the socket on their address, and all others to the one on all', async () => {
    const onAll = opened('0.0.0.0', 0, false);
    const { port } = describeDataSocketFd(onAll);
    setPortShared(onAll, true);
    const onOne = opened('127.0.0.2', port, true);
    using engine = testEngine('batch');
    const sockets = [
      await engine.open({ ip: 0, port: 0, fd: onAll, localAddresses: true }),
      await engine.open({ ip: 0, port: 0, fd: onOne }),
    ];
    const client = await engine.open({ ip: LOOPBACK, port: 0 });
    const arrived = new Map<number, DatagramSocket>();
    await play(engine, {
      start() {
        const { start } = engine.arena.reserve;
        for (const number of [0, 1, 2]) {
          engine.arena.bytes[start + number] = number;
          engine.send(client, start + number, 1, LOOPBACK + number, port);
        }
      },
      arrived: ({ socket, payload }) => arrived.set(payload[0], socket),
      done: () => arrived.size === 3,
    });
    expect([0, 1, 2].map((number) => sockets.findIndex((socket) => socket === arrived.get(number)))).toEqual([0, 1, 0]);
    expect(sockets[1].localIp).toBe(LOOPBACK + 1);
  });
});
