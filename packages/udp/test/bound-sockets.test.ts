import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chooseEngine, findBoundSockets, UdpError } from '@lightspeed/udp';
import { SOL_UDP, UDP_GRO } from '../src/linux/constants.ts';
import { libc, NativeBlock } from '../src/linux/libc.ts';
import { LOOPBACK, pattern, play, sendBytes, testEngine } from './support/scenario.ts';

/** Takes datagrams whose payload begins with a 1. */
const BEGINS_WITH_ONE = [
  { code: 0x30, k: 8 },
  { code: 0x15, jt: 0, jf: 1, k: 1 },
  { code: 0x06, k: 0xffff_ffff },
  { code: 0x06, k: 0 },
];

async function bound(type: 'udp4' | 'udp6', address: string): Promise<{ socket: Socket; port: number; got: number[] }> {
  const socket = createSocket(type);
  let isOpen = true;
  socket.once('close', () => (isOpen = false));
  onTestFinished(() => void (isOpen && socket.close()));
  const got: number[] = [];
  socket.on('message', (message) => got.push(message[0]));
  socket.bind(0, address);
  await once(socket, 'listening');
  return { socket, port: socket.address().port, got };
}

describe.skipIf(chooseEngine('auto').kind !== 'batch')('the sockets of this process at an address', () => {
  it.each([
    ['udp4', '127.0.0.1'],
    ['udp6', '::1'],
  ] as const)('of %s take what a filter lets through, and count the rest', async (type, address) => {
    const { socket, port, got } = await bound(type, address);
    const [found, ...others] = findBoundSockets(address, port);
    expect(others).toEqual([]);
    expect(found.drops()).toBe(0);
    found.filter(BEGINS_WITH_ONE);
    const { socket: sender } = await bound(type, address);
    const send = (...bytes: number[]) => sender.send(Uint8Array.from(bytes), port, address);
    send(0);
    send(2, 1);
    send();
    send(1);
    await expect.poll(() => got).toEqual([1]);
    expect(found.drops()).toBe(3);

    socket.close();
    await once(socket, 'close');
    expect([found.drops(), findBoundSockets(address, port)]).toEqual([undefined, []]);
  });

  it('take no datagrams that hide behind each other, although their opener asked for that', async () => {
    const { port, got } = await bound('udp4', '127.0.0.1');
    const [found] = findBoundSockets('127.0.0.1', port);
    const on = new NativeBlock(4);
    on.words[0] = 1;
    expect(libc().setsockopt(found.fd, SOL_UDP, UDP_GRO, on.address, 4)).toBe(0);
    // From 1,200 bytes on, with the UDP header.
    found.filter([
      { code: 0x80, k: 0 },
      { code: 0x35, jt: 1, jf: 0, k: 1_208 },
      { code: 0x06, k: 0 },
      { code: 0x06, k: 0xffff_ffff },
    ]);
    using engine = testEngine('batch', { reserveBytes: 20 * 1_600 });
    const sender = await engine.open({ ip: LOOPBACK, port: 0 });
    await play(engine, {
      start: () => {
        for (let i = 0; i < 15; i++) sendBytes(engine, sender, { localPort: port }, pattern(100, i), i * 1_600);
        sendBytes(engine, sender, { localPort: port }, new Uint8Array(1_200), 15 * 1_600);
      },
      done: () => engine.counters.get('datagrams_sent') === 16,
    });
    await expect.poll(() => got).toHaveLength(1);
    expect(engine.counters.get('segmented_sends')).toBe(1);
    expect([got, found.drops()]).toEqual([[0], 15]);
  });

  it('are not those of another address, or port, or of TCP', async () => {
    const { port } = await bound('udp4', '127.0.0.1');
    expect(findBoundSockets('127.0.0.2', port)).toEqual([]);
    expect(findBoundSockets('::1', port)).toEqual([]);
    const tcp = createServer();
    onTestFinished(() => void tcp.close());
    tcp.listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    expect(findBoundSockets('127.0.0.1', (tcp.address() as { port: number }).port)).toEqual([]);
  });

  it('say so when the system takes no such program', async () => {
    const { port } = await bound('udp4', '127.0.0.1');
    const [found] = findBoundSockets('127.0.0.1', port);
    expect(() =>
      found.filter([
        { code: 0x06, k: 1 },
        { code: 0xffff, k: 0 },
      ]),
    ).toThrow(UdpError);
    expect(() => found.filter([])).toThrow('the system refuses SO_ATTACH_FILTER: EINVAL');
  });
});
