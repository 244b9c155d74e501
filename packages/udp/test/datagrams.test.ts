import { HEADROOM_BYTES } from '@lightspeed/memory';
import { describe, expect, it } from 'vitest';
import type { Arrival } from './support/scenario.ts';
import { ENGINES, LOOPBACK, pattern, play, sendBytes, testEngine } from './support/scenario.ts';

describe.each(ENGINES)('the %s engine', (kind) => {
  it('echoes datagrams of every kind of size, from the right address', async () => {
    using engine = testEngine(kind);
    const client = await engine.open({ ip: LOOPBACK, port: 0 });
    const server = await engine.open({ ip: LOOPBACK, port: 0 });
    const sizes = [0, 1, 2, 19, 20, 63, 64, 65, 120, 255, 256, 1_400, 1_452, 1_500, 4_096, 8_999, 9_000];
    const echoed: Arrival[] = [];
    let next = 0;
    const sendNext = () => sendBytes(engine, client, server, pattern(sizes[next], next));

    await play(engine, {
      start: sendNext,
      arrived(arrival) {
        if (arrival.socket === server) {
          expect([arrival.ip, arrival.port]).toEqual([LOOPBACK, client.localPort]);
          engine.send(server, arrival.offset, arrival.payload.length, arrival.ip, arrival.port);
        } else {
          echoed.push(arrival);
          if (++next < sizes.length) sendNext();
        }
      },
      done: () => echoed.length === sizes.length,
    });

    expect(echoed.map(({ payload }) => payload)).toEqual(sizes.map((size, index) => pattern(size, index)));
    for (const { ip, port } of echoed) expect([ip, port]).toEqual([LOOPBACK, server.localPort]);
    expect(engine.counters.get('datagrams_received')).toBe(2 * sizes.length);
    expect(engine.counters.get('bytes_received')).toBe(2 * sizes.reduce((sum, size) => sum + size, 0));
    expect(engine.counters.get('bytes_sent')).toBe(engine.counters.get('bytes_received'));
  });

  it('leaves room for a header in front of every payload', async () => {
    using engine = testEngine(kind);
    const client = await engine.open({ ip: LOOPBACK, port: 0 });
    const server = await engine.open({ ip: LOOPBACK, port: 0 });
    const relayed: Uint8Array[] = [];

    await play(engine, {
      start() {
        for (let index = 0; index < 100; index++) sendBytes(engine, client, server, pattern(100, index), index * 100);
      },
      arrived({ socket, offset, payload, ip, port }) {
        if (socket === server) {
          engine.arena.bytes.fill(0xee, offset - HEADROOM_BYTES, offset);
          const lengthBytes = HEADROOM_BYTES + payload.length;
          engine.send(server, offset - HEADROOM_BYTES, lengthBytes, ip, port);
        } else {
          relayed.push(payload);
        }
      },
      done: () => relayed.length === 100,
    });

    relayed.forEach((payload, index) => {
      expect(payload.subarray(0, HEADROOM_BYTES)).toEqual(new Uint8Array(HEADROOM_BYTES).fill(0xee));
      expect(payload.subarray(HEADROOM_BYTES)).toEqual(pattern(100, index));
    });
  });

  it('keeps the order of each socket, however sends to several are mixed and however many there are', async () => {
    using engine = testEngine(kind);
    const PER_SENDER = 700;
    const receiver = await engine.open({ ip: LOOPBACK, port: 0 });
    const senders = [
      await engine.open({ ip: LOOPBACK, port: 0 }),
      await engine.open({ ip: LOOPBACK, port: 0 }),
      await engine.open({ ip: LOOPBACK, port: 0 }),
    ];
    const arrived = new Map(senders.map((sender) => [sender.localPort, [] as number[]]));
    const { start } = engine.arena.reserve;
    const view = new DataView(engine.arena.memory.buffer);

    await play(engine, {
      start() {
        for (let index = 0; index < PER_SENDER; index++) {
          view.setUint32(start + index * 4, index);
          for (const sender of senders) engine.send(sender, start + index * 4, 4, LOOPBACK, receiver.localPort);
        }
      },
      arrived({ payload, port }) {
        arrived.get(port)?.push(new DataView(payload.buffer).getUint32(0));
      },
      done: () => [...arrived.values()].every((indices) => indices.length === PER_SENDER),
    });

    const inOrder = Array.from({ length: PER_SENDER }, (_, index) => index);
    for (const indices of arrived.values()) expect(indices).toEqual(inOrder);
    expect(engine.counters.get('datagrams_sent')).toBe(3 * PER_SENDER);
  });

  it('says when what was queued is sent, and not otherwise', async () => {
    using engine = testEngine(kind);
    const socket = await engine.open({ ip: LOOPBACK, port: 0 });
    let sentCalls = 0;
    let ticks = 0;

    await play(engine, {
      onTick() {
        if (++ticks === 3) sendBytes(engine, socket, socket, pattern(10, 1));
        return 0;
      },
      onSent() {
        expect(ticks).toBe(3);
        sentCalls++;
      },
      done: () => ticks > 6,
    });

    expect(sentCalls).toBe(1);
  });

  it('frees what was queued when it is told to flush', async () => {
    using engine = testEngine(kind);
    const from = await engine.open({ ip: LOOPBACK, port: 0 });
    const to = await engine.open({ ip: LOOPBACK, port: 0 });
    const payloads = [pattern(30, 1), pattern(30, 2), pattern(30, 3)];
    const arrived: Uint8Array[] = [];
    await play(engine, {
      // All from the same bytes, within one call.
      start: () => {
        for (const payload of payloads) {
          sendBytes(engine, from, to, payload);
          engine.flush();
        }
      },
      arrived: ({ payload }) => arrived.push(payload),
      done: () => arrived.length === payloads.length,
    });
    expect(arrived).toEqual(payloads);
  });

  it('hears only its peer on a connected socket, and needs no address to answer', async () => {
    using engine = testEngine(kind);
    const peer = await engine.open({ ip: LOOPBACK, port: 0 });
    const stranger = await engine.open({ ip: LOOPBACK, port: 0 });
    const connected = await engine.open({ ip: LOOPBACK, port: 0, connect: { ip: LOOPBACK, port: peer.localPort } });
    const heard: number[] = [];
    const answers: Uint8Array[] = [];

    await play(engine, {
      start() {
        sendBytes(engine, stranger, connected, pattern(5, 1), 0);
        sendBytes(engine, peer, connected, pattern(5, 2), 8);
      },
      arrived({ socket, offset, payload, port }) {
        if (socket === connected) {
          heard.push(port);
          engine.send(connected, offset, payload.length, 0, 0);
        } else {
          expect(socket).toBe(peer);
          answers.push(payload);
        }
      },
      done: () => answers.length === 1,
    });

    expect(heard).toEqual([peer.localPort]);
    expect(answers).toEqual([pattern(5, 2)]);
  });
});
