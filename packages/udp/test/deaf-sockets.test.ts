import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import type * as Dgram from 'node:dgram';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { DatagramSocket } from '@lightspeed/udp';
import { lookUpAddress } from '../src/portable/look-up-address.ts';
import { LOOPBACK, pattern, play, sendBytes, testEngine } from './support/scenario.ts';

/** Every socket of Node's that engines have opened, the last one at the end. */
const opened = vi.hoisted((): Socket[] => []);

vi.mock('node:dgram', async (original) => {
  const dgram = await original<typeof Dgram>();
  const createSocket = (options: Dgram.SocketOptions) => {
    const socket = dgram.createSocket(options);
    opened.push(socket);
    return socket;
  };
  return { ...dgram, createSocket };
});

/** What libuv does on Windows: it reports the error, and receives no more. */
function deafen(socket: Socket, code: string): void {
  const state: unknown = Reflect.get(
    socket,
    Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'state symbol') ?? '',
  );
  const { handle } = state as { handle: { recvStop(): void } };
  handle.recvStop();
  socket.emit('error', Object.assign(new Error(code), { code }));
}

function atPort(port: number): Socket {
  const socket = opened.findLast((one) => isBoundTo(one, port));
  if (socket === undefined) throw new Error(`no socket of Node's is bound to ${port}`);
  return socket;
}

function isBoundTo(socket: Socket, port: number): boolean {
  try {
    return socket.address().port === port;
  } catch {
    return false;
  }
}

function onSystem(platform: NodeJS.Platform): void {
  const { platform: before } = process;
  Object.defineProperty(process, 'platform', { value: platform });
  onTestFinished(() => void Object.defineProperty(process, 'platform', { value: before }));
}

describe('a socket of the portable engine on Windows', () => {
  beforeEach(() => onSystem('win32'));

  it.each(['ENETUNREACH', 'EIO'])('hears again, at the same port, after it went deaf by %s', async (code) => {
    using engine = testEngine('portable');
    const sender = await engine.open({ ip: LOOPBACK, port: 0 });
    const receiver = await engine.open({ ip: LOOPBACK, port: 0 });
    const { localPort } = receiver;
    const arrived: { payload: Uint8Array; socket: DatagramSocket }[] = [];

    await play(engine, {
      start() {
        setImmediate(() => {
          deafen(atPort(localPort), code);
          sendBytes(engine, sender, receiver, pattern(100, 1));
        });
      },
      arrived: (arrival) => arrived.push(arrival),
      done: () => arrived.length === 1,
    });

    expect(arrived).toMatchObject([{ payload: pattern(100, 1), socket: receiver }]);
    expect(receiver.localPort).toBe(localPort);
    expect(engine.counters.get('receive_errors')).toBe(1);
    expect(engine.counters.get('sockets_reopened')).toBe(1);
  });

  it('hears again on every local address', async () => {
    using engine = testEngine('portable');
    const sender = await engine.open({ ip: LOOPBACK, port: 0 });
    const receiver = await engine.open({ ip: 0, port: 0, localAddresses: true });
    let arrived = 0;
    let sent = false;

    await play(engine, {
      start: () => {
        for (const socket of opened.filter((one) => isBoundTo(one, receiver.localPort))) deafen(socket, 'EIO');
      },
      onTick() {
        // Node's own socket is there again when local addresses have been looked at.
        if (sent || !opened.some((one) => isBoundTo(one, receiver.localPort))) return;
        sent = true;
        engine.send(sender, engine.arena.reserve.start, 4, LOOPBACK, receiver.localPort);
      },
      arrived: () => arrived++,
      done: () => arrived === 1,
    });

    expect(arrived).toBe(1);
  });

  it('stays as it is after the refusal of a peer', async () => {
    using engine = testEngine('portable');
    const socket = await engine.open({ ip: LOOPBACK, port: 0 });
    atPort(socket.localPort).emit('error', Object.assign(new Error('refused'), { code: 'ECONNRESET' }));
    expect(engine.counters.get('sockets_reopened')).toBe(0);
  });

  it('is told as lost while another program has its port, and hears again when that is free', async () => {
    using engine = testEngine('portable');
    const sender = await engine.open({ ip: LOOPBACK, port: 0 });
    const receiver = await engine.open({ ip: LOOPBACK, port: 0 });
    const { localPort } = receiver;
    const lost: DatagramSocket[] = [];
    let arrived = 0;
    let thief: Socket | undefined;

    await play(engine, {
      start() {
        const socket = atPort(localPort);
        const { close } = socket;
        // Another program is faster.
        socket.close = function (...args) {
          close.apply(this, args);
          thief = steal(localPort);
          return this;
        };
        setImmediate(() => deafen(socket, 'EIO'));
      },
      onLost(socket) {
        lost.push(socket);
        sendBytes(engine, receiver, sender, pattern(10, 1));
        thief?.close();
      },
      onTick: () => {
        if (engine.counters.get('sockets_reopened') === 1) engine.send(sender, engine.arena.reserve.start, 4, LOOPBACK, localPort);
      },
      arrived: () => arrived++,
      done: () => arrived > 0,
    });

    expect(lost).toEqual([receiver]);
    expect(engine.counters.get('send_failed')).toBe(1);
  });
});

describe('a socket of the portable engine on Linux', () => {
  it('is not replaced after an error, by which it does not go deaf', async () => {
    onSystem('linux');
    using engine = testEngine('portable');
    const socket = await engine.open({ ip: LOOPBACK, port: 0 });
    const before = atPort(socket.localPort);
    before.emit('error', Object.assign(new Error('down'), { code: 'ENETDOWN' }));
    expect(atPort(socket.localPort)).toBe(before);
    expect(engine.counters.get('receive_errors')).toBe(1);
  });
});

function steal(port: number): Socket {
  const thief = createSocket({ type: 'udp4', lookup: lookUpAddress });
  thief.bind({ address: '127.0.0.1', port, exclusive: true });
  return thief;
}
