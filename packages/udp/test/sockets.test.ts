import { readdirSync } from 'node:fs';
import type { DatagramSocket } from '@lightspeed/udp';
import { chooseEngine } from '@lightspeed/udp';
import { describe, expect, it } from 'vitest';
import { ENGINES, LOOPBACK, pattern, play, sendBytes, testEngine } from './support/scenario.ts';

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

describe.each(ENGINES)('the %s engine', (kind) => {
  it('opens 1,000 sockets and gives every descriptor back', async () => {
    // What is opened once per process, such as the event loop's own descriptors, is open from here on.
    {
      using warm = testEngine(kind);
      await warm.open({ ip: LOOPBACK, port: 0 });
    }
    await new Promise((resolve) => setImmediate(resolve));
    const before = openDescriptors();

    const engine = testEngine(kind);
    const sockets = [];
    for (let index = 0; index < 1_000; index++) sockets.push(await engine.open({ ip: LOOPBACK, port: 0 }));
    expect(new Set(sockets.map((socket) => socket.localPort)).size).toBe(1_000);
    expect(new Set(sockets.map((socket) => socket.id)).size).toBe(1_000);
    expect(Math.max(...sockets.map((socket) => socket.id))).toBe(999);
    expect(engine.counters.get('sockets_open')).toBe(1_000);

    for (const socket of sockets.slice(0, 500)) socket.close();
    for (const socket of sockets.slice(0, 500)) socket.close();
    expect(engine.counters.get('sockets_open')).toBe(500);
    expect((await engine.open({ ip: LOOPBACK, port: 0 })).id).toBeLessThan(500);
    engine.close();
    engine.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(engine.counters.get('sockets_open')).toBe(0);
    expect(openDescriptors()).toBe(before);
  });

  it('tells where a socket is bound and what buffers it got', async () => {
    using engine = testEngine(kind);
    const socket = await engine.open({ ip: LOOPBACK, port: 0, receiveBufferBytes: 65_536, sendBufferBytes: 131_072 });
    expect(socket.localIp).toBe(LOOPBACK);
    expect(socket.localPort).toBeGreaterThan(0);
    expect(socket.receiveBufferBytes).toBe(65_536);
    expect(socket.sendBufferBytes).toBe(131_072);
    expect(socket.tag).toBe(0);
    expect(socket.kernelDrops()).toBe(0);
  });

  it('says that a port is taken', async () => {
    using engine = testEngine(kind);
    const first = await engine.open({ ip: LOOPBACK, port: 0 });
    const taken = { ip: LOOPBACK, port: first.localPort };
    expect(engine.openNow(taken)).toBeUndefined();
    expect(engine.lastOpenError).toBe('EADDRINUSE');
    await expect(engine.open(taken)).rejects.toMatchObject({ code: 'ERR_UDP_OPEN', errno: 'EADDRINUSE' });
    await expect(engine.open({ ip: 0xc000_0201, port: 0 })).rejects.toMatchObject({ errno: 'EADDRNOTAVAIL' });
    expect(engine.counters.get('open_failed')).toBe(3);
    // A refused socket leaves nothing behind that would stop the next.
    expect(engine.openNow({ ip: LOOPBACK, port: 0 })).toBeDefined();
  });

  it('lets two sockets share a port', async () => {
    using engine = testEngine(kind);
    const first = await engine.open({ ip: LOOPBACK, port: 0, reusePort: true });
    const second = await engine.open({ ip: LOOPBACK, port: first.localPort, reusePort: true });
    const senders: DatagramSocket[] = [];
    for (let index = 0; index < 64; index++) senders.push(await engine.open({ ip: LOOPBACK, port: 0 }));
    const heard = new Map([
      [first.id, 0],
      [second.id, 0],
    ]);
    const total = () => [...heard.values()].reduce((sum, count) => sum + count, 0);

    await play(engine, {
      start() {
        for (const sender of senders) sendBytes(engine, sender, first, pattern(4, 4));
      },
      arrived: ({ socket }) => heard.set(socket.id, (heard.get(socket.id) ?? 0) + 1),
      done: () => total() === senders.length,
    });

    expect(second.localPort).toBe(first.localPort);
    for (const count of heard.values()) expect(count).toBeGreaterThan(0);
  });

  it('refuses options that make no sense, with what is allowed', async () => {
    using engine = testEngine(kind);
    const invalid = { code: 'ERR_UDP_INVALID_ARGUMENT', message: expect.stringContaining('must be a whole number from') };
    await expect(engine.open({ ip: LOOPBACK, port: 65_536 })).rejects.toMatchObject(invalid);
    await expect(engine.open({ ip: 2 ** 32, port: 1 })).rejects.toMatchObject(invalid);
    await expect(engine.open({ ip: 0, port: 0, connect: { ip: LOOPBACK, port: 0 } })).rejects.toMatchObject(invalid);
    expect(() => testEngine(kind, { batchSize: 0 })).toThrow(expect.objectContaining(invalid));
    expect(() => testEngine(kind, { maxDatagramBytes: 65_508 })).toThrow(expect.objectContaining(invalid));
    expect(() => testEngine(kind, { countersBuffer: new SharedArrayBuffer(8) })).toThrow(
      expect.objectContaining({ code: 'ERR_UDP_INVALID_ARGUMENT' }),
    );
  });

  it('gives its arena slots and a reserve that is all the callers', () => {
    using engine = testEngine(kind, { reserveBytes: 5_000 });
    const { memory, bytes, reserve } = engine.arena;
    expect(reserve.lengthBytes).toBe(5_000);
    expect(reserve.start + reserve.lengthBytes).toBeLessThanOrEqual(bytes.length);
    expect(bytes.buffer).toBe(memory.buffer);
  });
});

describe('chooseEngine', () => {
  it('takes the batch engine here, and the portable one when told to', () => {
    expect(chooseEngine('auto')).toEqual({ kind: 'batch', reason: expect.stringContaining('recvmmsg') as string, fellBack: false });
    expect(chooseEngine('batch').kind).toBe('batch');
    expect(chooseEngine('portable')).toEqual({ kind: 'portable', reason: 'asked for', fellBack: false });
  });

  it('says what is missing where the batch engine cannot work', () => {
    const platform = Object.getOwnPropertyDescriptor(process, 'platform');
    Object.defineProperty(process, 'platform', { ...platform, value: 'darwin' });
    try {
      expect(chooseEngine('auto')).toEqual({ kind: 'portable', reason: 'the system is darwin, not Linux', fellBack: false });
      expect(() => chooseEngine('batch')).toThrow(
        expect.objectContaining({ code: 'ERR_UDP_BATCH_UNAVAILABLE', message: expect.stringContaining('darwin') }),
      );
    } finally {
      Object.defineProperty(process, 'platform', platform ?? {});
    }
  });
});
