import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { reasonTextExtension } from '@lightspeed/control';
import type { OutgoingMessage } from '@lightspeed/control';
import { CloseCode, connectControl, listenControl, makeCertificate, pinOf } from '@lightspeed/control/quic';
import type { ControlConnection } from '@lightspeed/control/quic';
import { all, answer, certificate, connect, echoAll, firstConnection, listen, rawSession, sessionEnd } from './support.ts';

async function pair(): Promise<{ client: ControlConnection; node: ControlConnection }> {
  const first = firstConnection();
  const listener = await listen({ onConnection: first.onConnection });
  const client = await connect(listener);
  return { client, node: await first.connection };
}

test('a close code and its reason arrive, from a client', async () => {
  const { client, node } = await pair();
  await client.close(CloseCode.normal, 'done');
  expect(await node.whenClosed).toEqual({ by: 'peer', code: CloseCode.normal, reason: 'done' });
  expect(client.closed).toEqual({ by: 'us', code: CloseCode.normal, reason: 'done' });
});

test('a close code and its reason arrive, from a node', async () => {
  const { client, node } = await pair();
  await node.close(CloseCode.authFailed, 'no ticket');
  expect(await client.whenClosed).toEqual({ by: 'peer', code: CloseCode.authFailed, reason: 'no ticket' });
});

test('what waits on a connection that is closed is told so', async () => {
  const { client, node } = await pair();
  const stream = client.openStream();
  await stream.send({ type: 'ping', timestampUs: 1n });
  const reading = stream.messages().next();
  const accepting = all(node.streams());
  await node.close(CloseCode.rateLimited, 'enough');
  await expect(reading).rejects.toMatchObject({ code: 'ERR_QUIC_CLOSED' });
  await expect(reading).rejects.toThrow('rateLimited');
  await expect(stream.send({ type: 'ping', timestampUs: 2n })).rejects.toMatchObject({ code: 'ERR_QUIC_CLOSED' });
  expect(() => client.openStream()).toThrow(expect.objectContaining({ code: 'ERR_QUIC_CLOSED' }));
  await accepting;
});

test('a last message arrives before the close that follows it', async () => {
  const { client, node } = await pair();
  const farewell = node.closeAfter(
    { type: 'disconnect', reason: 'auth_failed', extensions: [reasonTextExtension.encode('the ticket has expired')] },
    // The peer closes first, however long that takes here.
    { code: CloseCode.authFailed, lingerMs: 60_000 },
  );
  const { value: stream } = await client.streams().next();
  const { value: message } = (await stream?.messages().next()) ?? {};
  expect(message).toMatchObject({ type: 'disconnect', reason: 'auth_failed' });
  await client.close();
  await farewell;
  expect(node.closed).toMatchObject({ by: 'peer', code: CloseCode.normal });
});

test('a peer that stays after the last message is closed with the code', async () => {
  const { client, node } = await pair();
  await node.closeAfter({ type: 'disconnect', reason: 'normal' }, { code: CloseCode.serverShutdown, lingerMs: 50 });
  expect(await client.whenClosed).toMatchObject({ by: 'peer', code: CloseCode.serverShutdown });
});

test('a connection without a packet for its idle timeout ends at both ends', async () => {
  const first = firstConnection();
  const listener = await listen({ onConnection: first.onConnection, idleTimeoutMs: 300 });
  const client = await connect(listener, { keepaliveMs: 0 });
  const node = await first.connection;
  expect((await client.whenClosed).by).toBe('idle timeout');
  expect((await node.whenClosed).by).toBe('idle timeout');
  expect(listener.connections).toBe(0);
});

test('keepalive keeps a connection beyond its idle timeout', async () => {
  const first = firstConnection();
  const idle = firstConnection();
  // A machine that is busy with other work for a second does not keep it either, so it is longer than that.
  const kept = await listen({ onConnection: first.onConnection, idleTimeoutMs: 2_000 });
  const other = await listen({ onConnection: idle.onConnection, idleTimeoutMs: 2_000 });
  const client = await connect(kept, { keepaliveMs: 100 });
  const left = await connect(other, { keepaliveMs: 0 });
  // The one that is not kept tells the time.
  await left.whenClosed;
  const another = await connect(other, { keepaliveMs: 0 });
  await another.whenClosed;
  expect(client.closed).toBeUndefined();
});

test('nobody there is a timeout that names the node', async () => {
  const listener = await listen();
  const { endpoint } = listener;
  await listener.close();
  const connecting = connectControl({ ...endpoint, verify: { kind: 'insecure' }, timeoutMs: 300 });
  await expect(connecting).rejects.toMatchObject({ code: 'ERR_QUIC_CONNECT_TIMEOUT' });
  await expect(connecting).rejects.toThrow(`127.0.0.1:${endpoint.port}`);
});

test('a signal gives up connecting', async () => {
  const listener = await listen();
  const { host, port } = listener.endpoint;
  const signal = AbortSignal.abort();
  const connecting = connectControl({ host, port, verify: { kind: 'insecure' }, signal });
  await expect(connecting).rejects.toMatchObject({ code: 'ERR_QUIC_CLOSED' });
});

test('a listener that closes ends all its connections and its port', async () => {
  const listener = await listen();
  const clients = await Promise.all([connect(listener), connect(listener), connect(listener)]);
  // A client's handshake ends before the listener's.
  await expect.poll(() => listener.connections).toBe(3);
  await listener.close();
  for (const client of clients) {
    expect(await client.whenClosed).toMatchObject({ by: 'peer', code: CloseCode.serverShutdown });
  }
  expect(listener.connections).toBe(0);
  expect(() => listener.endpoint).toThrow(expect.objectContaining({ code: 'ERR_QUIC_CLOSED' }));
  await listener.close();
});

test('a certificate is replaced: clients are told to connect again, and find the new one on the same port', async () => {
  const listener = await listen();
  const { endpoint, pin: before } = listener;
  const client = await connect(listener);
  const renewed = await makeCertificate();
  await listener.replaceCertificate(renewed);
  expect(await client.whenClosed).toMatchObject({ by: 'peer', code: CloseCode.certificateReplaced });
  expect(listener.endpoint).toEqual(endpoint);
  expect(listener.pin).toEqual(pinOf(renewed.certificatePem));
  expect(listener.pin).not.toEqual(before);
  const again = await connect(listener, { verify: { kind: 'pin', sha256: pinOf(renewed.certificatePem) } });
  expect(await answer(again.openStream(), { type: 'ping', timestampUs: 1n })).toMatchObject({ type: 'ping' });
});

test('a certificate that cannot be used replaces nothing and drops nobody', async () => {
  const listener = await listen();
  const client = await connect(listener);
  const { privateKeyPem } = await makeCertificate();
  const wrongKey = listener.replaceCertificate({ certificatePem: certificate.certificatePem, privateKeyPem });
  await expect(wrongKey).rejects.toMatchObject({ code: 'ERR_QUIC_LISTEN' });
  const noPem = listener.replaceCertificate({ certificatePem: 'nothing', privateKeyPem });
  await expect(noPem).rejects.toMatchObject({ code: 'ERR_QUIC_LISTEN' });
  expect(await answer(client.openStream(), { type: 'ping', timestampUs: 1n })).toMatchObject({ type: 'ping' });
});

test('a port that is taken, and a name instead of an address, are errors', async () => {
  const { endpoint } = await listen();
  const taken = listenControl({ bind: endpoint, ...certificate, onConnection: echoAll });
  await expect(taken).rejects.toMatchObject({ code: 'ERR_QUIC_LISTEN' });
  const named = listenControl({ bind: { host: 'nonsense.invalid', port: 0 }, ...certificate, onConnection: echoAll });
  await expect(named).rejects.toMatchObject({ code: 'ERR_QUIC_LISTEN' });
});

test('a handler that throws costs its connection, not the listener', async () => {
  const errors: unknown[] = [];
  const onConnection = (): void => {
    throw new Error('a fault in the program');
  };
  const listener = await listen({ onConnection, onError: (error) => errors.push(error) });
  // Whether it ends before or after the client calls it connected is up to the machine.
  expect(await sessionEnd(rawSession(listener))).toMatchObject({ errorCode: CloseCode.protocol });
  expect(errors).toMatchObject([{ message: 'a fault in the program' }]);
  expect(listener.counters.accepted).toBe(1);
  expect(await sessionEnd(rawSession(listener))).toMatchObject({ errorCode: CloseCode.protocol });
  expect(listener.counters.accepted).toBe(2);
});

test('a handler whose stream is reset, or whose connection ends, is no error', async () => {
  const errors: unknown[] = [];
  const onConnection = async (connection: ControlConnection): Promise<void> => {
    for await (const stream of connection.streams()) {
      for await (const message of stream.messages()) await stream.send(message as OutgoingMessage);
    }
  };
  const listener = await listen({ onConnection, onError: (error) => errors.push(error) });
  const closing = await connect(listener);
  await answer(closing.openStream(), { type: 'ping', timestampUs: 1n });
  await closing.close();
  const resetting = await connect(listener);
  const stream = resetting.openStream();
  await answer(stream, { type: 'ping', timestampUs: 1n });
  stream.reset();
  expect(await resetting.whenClosed).toMatchObject({ by: 'peer', code: CloseCode.normal });
  await expect.poll(() => listener.connections).toBe(0);
  expect(errors).toEqual([]);
});

test('a process that has closed what it opened ends by itself', async () => {
  const script = fileURLToPath(new URL('processes/open-and-close.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@lightspeed/source', script], { timeout: 20_000 });
  expect(stdout).toBe('closed\n');
});
