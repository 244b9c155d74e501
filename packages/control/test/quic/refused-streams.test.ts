import { expect, test } from 'vitest';
import { CloseCode, StreamCode } from '@lightspeed/control/quic';
import type { ControlConnection } from '@lightspeed/control/quic';
import { fromHex, refused } from '../vectors.ts';
import { answer, connect, firstConnection, listen, onEachStream, rawClient, sessionEnd, streamEnd } from './support.ts';

const lengthZero = fromHex('00 00');

/** Serves streams and keeps what was refused. */
function collect(refusals: string[]): (connection: ControlConnection) => void {
  return (connection) => {
    void onEachStream(connection, async (stream) => {
      for await (const message of stream.messages()) {
        if (message.type === 'refused') refusals.push(message.code);
        else if (message.type === 'ping') await stream.send({ type: 'ping', timestampUs: message.timestampUs });
      }
    });
  };
}

test('a refused message resets its stream, and the connection and its other streams go on', async () => {
  const refusals: string[] = [];
  const listener = await listen({ onConnection: collect(refusals) });
  const session = await rawClient(listener);
  const good = session.openStream();
  good.on('error', () => undefined);
  const bad = session.openStream();
  const end = streamEnd(bad);
  bad.write(lengthZero);
  expect(await end).toContain(String(StreamCode.refused));
  expect(refusals).toEqual(['length_zero']);

  const replied = new Promise<Uint8Array>((resolve) => good.once('data', resolve));
  good.write(fromHex('00 09 01 00 00 00 00 00 00 03 E7'));
  expect(Buffer.from(await replied).toString('hex')).toBe('00090100000000000003e7');
  expect(session.closed).toBe(false);
  expect(listener.connections).toBe(1);
  expect(listener.counters).toMatchObject({ accepted: 1, refusals: 1 });
});

test('every kind of refused frame is told to the reader of the stream', async () => {
  const refusals: string[] = [];
  const listener = await listen({ onConnection: collect(refusals), limits: { maxRefusals: 1_000, burstBytes: 1_000_000 } });
  const session = await rawClient(listener);
  // A stream is cut into frames, so nothing trails; and one without a byte is a stream without messages.
  const cases = refused.filter(({ code, dialect, frame }) => code !== 'frame_trailing_bytes' && dialect === 'standard' && frame.length > 0);
  expect(cases.length).toBeGreaterThan(5);
  for (const { frame } of cases) {
    const stream = session.openStream();
    const end = streamEnd(stream);
    stream.on('data', () => undefined);
    stream.end(frame);
    await end;
  }
  await expect.poll(() => refusals.length).toBe(cases.length);
  expect(refusals.toSorted()).toEqual(cases.map(({ code }) => code).toSorted());
});

test('a peer that goes on with garbage loses the connection', async () => {
  const listener = await listen({ onConnection: collect([]), limits: { maxRefusals: 3 } });
  const session = await rawClient(listener);
  const end = sessionEnd(session);
  for (let count = 0; count < 4; count += 1) {
    const stream = session.openStream();
    const reset = streamEnd(stream);
    stream.write(lengthZero);
    await reset;
  }
  expect(await end).toMatchObject({ errorCode: CloseCode.protocol });
  expect(listener.counters).toMatchObject({ refusals: 4, closedProtocol: 1, closedRateLimited: 0 });
});

test('garbage of one peer does not keep another from its answers', async () => {
  const listener = await listen({ onConnection: collect([]) });
  const other = await connect(listener);
  const session = await rawClient(listener);
  const end = sessionEnd(session);
  const flood = async (): Promise<void> => {
    for (;;) {
      const stream = session.openStream();
      const reset = streamEnd(stream);
      stream.write(Buffer.alloc(10_000, 0xff));
      await reset;
    }
  };
  const flooding = flood().catch(() => undefined);
  const stream = other.openStream();
  for (let count = 0; count < 20; count += 1) await answer(stream, { type: 'ping', timestampUs: BigInt(count) });
  await Promise.all([end, flooding]);
  expect(other.closed).toBeUndefined();
  expect(await answer(stream, { type: 'ping', timestampUs: 5n })).toMatchObject({ type: 'ping' });
});

test('the writer of a stream that was reset learns it', async () => {
  const first = firstConnection();
  const listener = await listen({ onConnection: first.onConnection });
  const client = await connect(listener);
  const stream = client.openStream();
  await stream.send({ type: 'ping', timestampUs: 1n });
  for await (const served of (await first.connection).streams()) {
    served.reset();
    break;
  }
  const read = async (): Promise<void> => {
    for await (const message of stream.messages()) expect(message).toBeUndefined();
  };
  await expect(read()).rejects.toMatchObject({ name: 'QuicError', code: 'ERR_QUIC_STREAM_RESET' });
  await expect(stream.send({ type: 'ping', timestampUs: 1n })).rejects.toMatchObject({ code: 'ERR_QUIC_STREAM_RESET' });
});
