import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { QuicClientSession } from '@currentspace/http3';
import { expect, onTestFinished, test } from 'vitest';
import { CloseCode, StreamCode } from '@lightspeed/control/quic';
import { encode } from '@lightspeed/control';
import { answer, certificate, connect, firstConnection, listen, rawClient, rawSession, sessionEnd, streamEnd } from './support.ts';

const ping = encode({ type: 'ping', timestampUs: 1n }, 'standard');

test('connections of one address beyond the limit are closed as rate limited, those before stay', async () => {
  const listener = await listen({ maxConnectionsPerAddress: 2 });
  const kept = [await connect(listener), await connect(listener)];
  expect(await sessionEnd(rawSession(listener))).toMatchObject({ errorCode: CloseCode.rateLimited });
  expect(listener.counters).toMatchObject({ accepted: 2, refusedOverMaxPerAddress: 1, refusedOverMax: 0 });
  for (const connection of kept) expect(await answer(connection.openStream(), { type: 'ping', timestampUs: 1n })).toBeTruthy();
});

test('a connection that has ended makes room for another of its address', async () => {
  const listener = await listen({ maxConnectionsPerAddress: 1 });
  const first = await connect(listener);
  // The node counts it a moment after the client calls it connected.
  await expect.poll(() => listener.connections).toBe(1);
  await first.close();
  await expect.poll(() => listener.connections).toBe(0);
  const second = await connect(listener);
  expect(await answer(second.openStream(), { type: 'ping', timestampUs: 1n })).toBeTruthy();
});

test('a flood of connections beyond the limit in all is refused, and the node goes on', async () => {
  const listener = await listen({ maxConnections: 5, maxConnectionsPerAddress: 1_000 });
  const kept = await Promise.all(Array.from({ length: 5 }, () => connect(listener)));
  const ends = await Promise.all(Array.from({ length: 40 }, () => sessionEnd(rawSession(listener))));
  for (const end of ends) expect(end).toMatchObject({ errorCode: CloseCode.rateLimited });
  expect(listener.counters).toMatchObject({ accepted: 5, refusedOverMax: 40 });
  for (const connection of kept) expect(connection.closed).toBeUndefined();
});

test('a stream whose messages nobody takes is reset when it holds too much, the connection stays', async () => {
  const first = firstConnection();
  const listener = await listen({ onConnection: first.onConnection, limits: { maxUnreadBytes: 5_000 } });
  const session = await rawClient(listener);
  const stream = session.openStream();
  const end = streamEnd(stream);
  for (let count = 0; count < 600; count += 1) stream.write(ping);
  expect(await end).toContain(String(StreamCode.overflow));
  expect((await first.connection).closed).toBeUndefined();
});

test('a peer that sends more than its budget loses the connection', async () => {
  const listener = await listen({ limits: { burstBytes: 10_000, bytesPerSecond: 100 } });
  const session = await rawClient(listener);
  const end = sessionEnd(session);
  const stream = session.openStream();
  stream.on('error', () => undefined);
  stream.on('data', () => undefined);
  for (let count = 0; count < 2_000; count += 1) stream.write(ping);
  expect(await end).toMatchObject({ errorCode: CloseCode.rateLimited });
  expect(listener.counters).toMatchObject({ accepted: 1, closedRateLimited: 1, closedProtocol: 0, closedNotReading: 0 });
});

test('a peer has as many streams open as it may, and another when one of them is reset', async () => {
  const first = firstConnection();
  const limits = { maxStreams: 2, maxRefusals: 1_000 };
  const listener = await listen({ onConnection: first.onConnection, limits });
  const session = await rawClient(listener);
  const node = await first.connection;
  const open = [session.openStream(), session.openStream()];
  for (const stream of open) stream.on('error', () => undefined).write(ping);
  expect(() => session.openStream()).toThrow('StreamLimit');

  const { value: accepted } = await node.streams().next();
  accepted?.reset();
  await expect.poll(() => opens(session)).toBe(true);
  expect(node.closed).toBeUndefined();
});

function opens(session: QuicClientSession): boolean {
  try {
    session.openStream().on('error', () => undefined);
    return true;
  } catch {
    return false;
  }
}

/** A process's state as Linux tells it: `T` is stopped. */
function stateOf(pid: number | undefined): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name before it is in parentheses, and may hold anything.
  return stat.charAt(stat.lastIndexOf(')') + 2);
}

test.runIf(process.platform === 'linux')('a peer that never reads costs a bounded number of bytes, and then its connection', async () => {
  const first = firstConnection();
  const listener = await listen({ onConnection: first.onConnection, idleTimeoutMs: 60_000 });
  const script = fileURLToPath(new URL('processes/idle-client.ts', import.meta.url));
  const child = fork(script, [], { execArgv: ['--conditions=@lightspeed/source'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  onTestFinished(async () => {
    const ended = once(child, 'exit');
    if (child.kill('SIGKILL')) await ended;
  });
  const connected = once(child, 'message');
  child.send({ endpoint: listener.endpoint, certificatePem: certificate.certificatePem });
  await connected;
  child.kill('SIGSTOP');
  // The signal waits for the main thread; until that has taken it, the thread that reads goes on.
  await expect.poll(() => stateOf(child.pid)).toBe('T');

  const node = await first.connection;
  const stream = node.openStream();
  const value = new Uint8Array(3_000);
  let sent = 0;
  const send = async (): Promise<void> => {
    // Not waited for one by one: a careless caller.
    for (;;) {
      sent += value.length;
      const sending = stream.send({ type: 'disconnect', reason: 'normal', extensions: [{ id: 0x70, value }] });
      await Promise.race([sending, new Promise(setImmediate)]);
      sending.catch(() => undefined);
      if (node.closed !== undefined) await sending;
    }
  };
  await expect(send()).rejects.toMatchObject({ name: 'QuicError' });
  expect(node.closed).toMatchObject({ by: 'us', code: CloseCode.notReading });
  expect(listener.counters).toMatchObject({ closedNotReading: 1 });
  // The peer's windows, the library's queue of 4 MiB in front of them, and what our own limit lets wait.
  expect(sent).toBeLessThan(6_000_000);
});
