import { describe, expect, it } from 'vitest';
import { ENGINES, LOOPBACK, pattern, play, sendBytes, testEngine } from './support/scenario.ts';

describe.each(ENGINES)('the %s engine', (kind) => {
  it('drops and counts datagrams that are longer than a slot', async () => {
    using engine = testEngine(kind, { maxDatagramBytes: 1_000 });
    const sender = await engine.open({ ip: LOOPBACK, port: 0 });
    const receiver = await engine.open({ ip: LOOPBACK, port: 0 });
    const arrived: Uint8Array[] = [];

    await play(engine, {
      start() {
        const sizes = [1_001, 500, 9_000, 1_000, 65_507, 3];
        let at = 0;
        for (const size of sizes) {
          sendBytes(engine, sender, receiver, pattern(size, size), at);
          at += size;
        }
      },
      arrived: ({ payload }) => arrived.push(payload),
      done: () => arrived.length === 3,
    });

    expect(arrived).toEqual([pattern(500, 500), pattern(1_000, 1_000), pattern(3, 3)]);
    expect(engine.counters.get('truncated')).toBe(3);
    expect(engine.counters.get('datagrams_received')).toBe(3);
  });

  it('drops and counts what is too long for UDP, and sends the rest', async () => {
    using engine = testEngine(kind);
    const sender = await engine.open({ ip: LOOPBACK, port: 0 });
    const receiver = await engine.open({ ip: LOOPBACK, port: 0 });
    const arrived: number[] = [];
    const { start } = engine.arena.reserve;

    await play(engine, {
      start() {
        for (const lengthBytes of [10, 65_508, 11, 65_508, 65_600, 12]) {
          engine.send(sender, start, lengthBytes, LOOPBACK, receiver.localPort);
        }
      },
      arrived: ({ payload }) => arrived.push(payload.length),
      done: () => arrived.length === 3 && engine.counters.get('send_too_big') === 3,
    });

    expect(arrived).toEqual([10, 11, 12]);
    expect(engine.counters.get('datagrams_sent')).toBe(3);
  });

  it('goes on after a peer has refused', async () => {
    using engine = testEngine(kind);
    const vacant = await engine.open({ ip: LOOPBACK, port: 0 });
    const port = vacant.localPort;
    vacant.close();
    const sender = await engine.open({ ip: LOOPBACK, port: 0, connect: { ip: LOOPBACK, port } });
    const refusals = () => engine.counters.get('send_refused') + engine.counters.get('receive_refused');
    let listening = false;
    let arrived = 0;

    await play(engine, {
      onTick() {
        sendBytes(engine, sender, { localPort: port }, pattern(10, 0));
        if (refusals() >= 3 && !listening) {
          expect(engine.openNow({ ip: LOOPBACK, port })).toBeDefined();
          listening = true;
        }
        return 0;
      },
      arrived: () => arrived++,
      done: () => arrived >= 5,
    });

    expect(refusals()).toBeGreaterThanOrEqual(3);
    expect(engine.counters.get('send_failed')).toBe(0);
    expect(engine.counters.get('receive_errors')).toBe(0);
  });

  it('counts what the system refuses for other reasons, and what is sent on a closed socket', async () => {
    using engine = testEngine(kind);
    const sender = await engine.open({ ip: LOOPBACK, port: 0 });
    const closed = await engine.open({ ip: LOOPBACK, port: 0 });
    closed.close();
    let arrived = 0;

    await play(engine, {
      start() {
        const { start } = engine.arena.reserve;
        engine.send(sender, start, 10, LOOPBACK, 0);
        engine.send(sender, start, 10, 0xffff_ffff, 9);
        engine.send(closed, start, 10, LOOPBACK, sender.localPort);
        engine.send(sender, start, 10, LOOPBACK, sender.localPort);
      },
      arrived: () => arrived++,
      done: () => arrived === 1 && engine.counters.get('send_failed') === 3,
    });

    expect(engine.counters.get('datagrams_sent')).toBe(1);
  });

  it('sends what was queued on a socket before it is closed', async () => {
    using engine = testEngine(kind);
    const receiver = await engine.open({ ip: LOOPBACK, port: 0 });
    const sender = await engine.open({ ip: LOOPBACK, port: 0 });
    const arrived: number[] = [];

    await play(engine, {
      start() {
        for (let index = 1; index <= 5; index++) sendBytes(engine, sender, receiver, pattern(index, 0), index * 10);
        sender.close();
        // The next socket may get the closed one's id; what it sends must not get lost or mixed up.
        const successor = engine.openNow({ ip: LOOPBACK, port: 0 });
        if (successor !== undefined) sendBytes(engine, successor, receiver, pattern(6, 0), 60);
      },
      arrived: ({ payload }) => arrived.push(payload.length),
      done: () => arrived.length === 6,
    });

    expect(arrived).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('refuses to send bytes that are not in the arena', async () => {
    using engine = testEngine(kind);
    const socket = await engine.open({ ip: LOOPBACK, port: 0 });
    const end = engine.arena.bytes.length;
    for (const [offset, lengthBytes] of [
      [-1, 10],
      [0, -1],
      [end - 5, 6],
      [end, 1],
    ]) {
      expect(() => engine.send(socket, offset, lengthBytes, LOOPBACK, 9)).toThrow(
        expect.objectContaining({ code: 'ERR_UDP_INVALID_ARGUMENT' }),
      );
    }
  });
});
