import { expect, test } from 'vitest';
import { encode } from '@lightspeed/control';
import type { ControlMessage } from '@lightspeed/control';
import { messages } from '../vectors.ts';
import { answer, connect, echoAll, firstConnection, listen, rawClient } from './support.ts';

const unlimited = { burstBytes: 10_000_000, bytesPerSecond: 10_000_000 };

test.each(['standard', 'reference'] as const)('every message of dialect %s comes back over a stream as it was', async (dialect) => {
  const listener = await listen({ limits: unlimited });
  const connection = await connect(listener, { limits: unlimited });
  const known = messages.filter((vector) => vector.dialect === dialect);
  expect(known.length).toBeGreaterThan(5);
  for (const { message } of known) {
    const stream = connection.openStream();
    stream.dialect = dialect;
    await stream.send({ type: 'register', dialect, protocolVersion: 1, gameId: 2, clientVersion: '1' });
    await stream.send(message);
    const got: unknown[] = [];
    for await (const echoed of stream.messages()) {
      if (got.push(echoed) === 2) break;
    }
    expect(got[1]).toEqual(message);
    stream.end();
  }
});

test('many messages on many streams at once keep their order on each', async () => {
  const listener = await listen({ limits: unlimited });
  const connection = await connect(listener, { limits: unlimited });
  const streams = Array.from({ length: 8 }, () => connection.openStream());
  const perStream = await Promise.all(
    streams.map(async (stream, index) => {
      const sent = Array.from({ length: 200 }, (_, count) => BigInt(index * 1_000 + count));
      for (const timestampUs of sent) await stream.send({ type: 'ping', timestampUs });
      stream.end();
      const got: bigint[] = [];
      for await (const message of stream.messages()) if (message.type === 'ping') got.push(message.timestampUs);
      return { sent, got };
    }),
  );
  for (const { sent, got } of perStream) expect(got).toEqual(sent);
});

test('streams can be opened one after the other without end, beyond the number that may be open at once', async () => {
  const listener = await listen({ limits: { ...unlimited, maxStreams: 2 } });
  const connection = await connect(listener);
  for (let count = 0; count < 50; count += 1) {
    const stream = connection.openStream();
    await stream.send({ type: 'ping', timestampUs: BigInt(count) });
    stream.end();
    const got: ControlMessage[] = [];
    for await (const message of stream.messages()) if (message.type !== 'refused') got.push(message);
    expect(got).toMatchObject([{ type: 'ping', timestampUs: BigInt(count) }]);
  }
});

test('a stream more than the peer allows is an error with a code', async () => {
  const listener = await listen({ limits: { maxStreams: 2 } });
  const connection = await connect(listener);
  connection.openStream();
  connection.openStream();
  expect(() => connection.openStream()).toThrow(expect.objectContaining({ code: 'ERR_QUIC_STREAM_LIMIT' }));
});

test('a frame that arrives byte by byte is one message', async () => {
  const first = firstConnection();
  const listener = await listen({ onConnection: first.onConnection });
  const session = await rawClient(listener);
  const stream = session.openStream();
  stream.on('error', () => undefined);
  for (const byte of encode({ type: 'ping', timestampUs: 77n }, 'standard')) {
    await new Promise((resolve) => stream.write(Uint8Array.of(byte), resolve));
    await new Promise(setImmediate);
  }
  for await (const served of (await first.connection).streams()) {
    for await (const message of served.messages()) {
      expect(message).toMatchObject({ type: 'ping', timestampUs: 77n });
      return;
    }
  }
  expect.unreachable();
});

test('a node opens streams to a client too', async () => {
  const first = firstConnection();
  const listener = await listen({ onConnection: first.onConnection });
  const client = await connect(listener);
  echoAll(client);
  const node = await first.connection;
  const info = { type: 'server_info', dialect: 'standard', nodeId: 'n1', region: 'sea', loadPercent: 3, version: '1' } as const;
  expect(await answer(node.openStream(), info)).toMatchObject(info);
});

test('both ends know the peer, the protocol and the round trip time', async () => {
  const first = firstConnection();
  const listener = await listen({ onConnection: first.onConnection });
  const client = await connect(listener);
  const node = await first.connection;
  expect(client.peer).toEqual(listener.endpoint);
  expect(node.peer.host).toBe('127.0.0.1');
  expect(node.peer.port).toBeGreaterThan(0);
  expect(client.alpn).toBe('lstp/1');
  expect(client.roundTripMs()).toBeGreaterThan(0);
  expect(client.peerPin).toEqual(listener.pin);
  expect(node.peerPin).toBeUndefined();
});
