import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeEach, expect, test } from 'vitest';
import type { OutgoingMessage } from '@lightspeed/control';
import { CloseCode, connectControl, makeCertificate } from '@lightspeed/control/quic';
import type { ConnectOptions, ControlConnection, ControlListener, ListenOptions } from '@lightspeed/control/quic';
import { all, answer, certificate, connect, firstConnection, listen } from './support.ts';

const ping: OutgoingMessage = { type: 'ping', timestampUs: 1n };

/** A node that negotiates no application protocol. */
function listenWithout(options: Partial<ListenOptions> = {}): Promise<ControlListener> {
  return listen({ withoutAlpn: true, ...options });
}

/** A client that names none. */
function connectWithout(listener: ControlListener, options: Partial<ConnectOptions> = {}): Promise<ControlConnection> {
  return connect(listener, { withoutAlpn: true, verify: { kind: 'ca', pem: certificate.certificatePem }, ...options });
}

async function pair(options: Partial<ListenOptions> = {}): Promise<{ client: ControlConnection; node: ControlConnection }> {
  const first = firstConnection();
  const listener = await listenWithout({ onConnection: first.onConnection, ...options });
  const client = await connectWithout(listener);
  return { client, node: await first.connection };
}

// Those of the test before have been told to end, and take a moment.
beforeEach(() => expect.poll(bridges).toEqual([]));

test('messages go both ways, on streams of both', async () => {
  const { client, node } = await pair();
  expect([client.alpn, node.alpn]).toEqual([undefined, undefined]);
  expect(client.runtime).toEqual({ mode: 'deno', driver: 'quinn', fellBack: undefined });

  const up = client.openStream();
  await up.send({ type: 'register', dialect: 'reference', protocolVersion: 1, gameId: 2 }, 'reference');
  const { value: accepted } = await node.streams().next();
  expect(await accepted?.messages().next()).toMatchObject({ value: { type: 'register', dialect: 'reference' } });
  const ack = { type: 'register_ack', sessionId: 42, token: 0xab, nodeId: 'node', region: 'sea' } as const;
  await accepted?.send(ack);
  up.dialect = 'reference';
  expect(await up.messages().next()).toMatchObject({ value: ack });

  const down = node.openStream();
  await down.send(ping);
  down.end();
  for await (const pushed of client.streams()) {
    expect(await all(pushed.messages())).toMatchObject([ping]);
    break;
  }
});

test('many messages arrive in order, on several streams at once', async () => {
  const listener = await listenWithout({ limits: { bytesPerSecond: 1_000_000, burstBytes: 1_000_000 } });
  const client = await connectWithout(listener, { limits: { bytesPerSecond: 1_000_000, burstBytes: 1_000_000 } });
  const numbers = Array.from({ length: 200 }, (_, index) => BigInt(index));
  const answers = [client.openStream(), client.openStream(), client.openStream()].map(async (stream) => {
    const sent = numbers.map((timestampUs) => stream.send({ type: 'ping', timestampUs }));
    await Promise.all(sent);
    stream.end();
    return all(stream.messages());
  });
  const expected = numbers.map((timestampUs) => expect.objectContaining({ type: 'ping', timestampUs }) as unknown);
  expect(await Promise.all(answers)).toEqual([expected, expected, expected]);
});

test('a close code and its reason arrive, from either end', async () => {
  const one = await pair();
  await one.client.close(CloseCode.normal, 'done');
  expect(await one.node.whenClosed).toEqual({ by: 'peer', code: CloseCode.normal, reason: 'done' });
  // More than one may want it closed.
  await Promise.all([one.client.close(), one.node.close(), one.node.close()]);
  const other = await pair();
  await Promise.all([other.node.close(CloseCode.serverShutdown, 'later'), other.node.close()]);
  expect(await other.client.whenClosed).toEqual({ by: 'peer', code: CloseCode.serverShutdown, reason: 'later' });
});

test('a stream that one end resets ends at the other', async () => {
  const { client, node } = await pair();
  const stream = client.openStream();
  await stream.send(ping);
  const { value: accepted } = await node.streams().next();
  accepted?.reset();
  await expect(all(stream.messages())).resolves.toEqual([]);
  expect(await answerOf(client, node)).toMatchObject(ping);
});

/** That the connection still carries messages. */
async function answerOf(client: ControlConnection, node: ControlConnection): Promise<unknown> {
  await client.openStream().send(ping);
  const { value: stream } = await node.streams().next();
  return (await stream?.messages().next())?.value;
}

test('a connection without a packet for its idle timeout ends at both ends', async () => {
  const first = firstConnection();
  const listener = await listenWithout({ onConnection: first.onConnection, idleTimeoutMs: 300 });
  const client = await connectWithout(listener, { keepaliveMs: 0 });
  expect((await client.whenClosed).by).toBe('idle timeout');
  expect((await (await first.connection).whenClosed).by).toBe('idle timeout');
  expect(listener.connections).toBe(0);
});

test('connections beyond the limits are told so', async () => {
  const listener = await listenWithout({ maxConnectionsPerAddress: 1 });
  await connectWithout(listener);
  const second = await connectWithout(listener).catch((error: unknown) => error as Error);
  const ended = second instanceof Error ? second.message : (await second.whenClosed).reason;
  expect(ended).toContain('too many connections from one address');
  expect(listener.counters).toMatchObject({ accepted: 1, refusedOverMaxPerAddress: 1 });
});

test('a peer that sends more than it may is closed, and another one goes on', async () => {
  const listener = await listenWithout({ limits: { bytesPerSecond: 64, burstBytes: 8_192 } });
  const other = await connectWithout(listener);
  const client = await connectWithout(listener);
  const stream = client.openStream();
  const sending = Array.from({ length: 2_000 }, () => stream.send(ping).catch(() => undefined));
  expect(await client.whenClosed).toMatchObject({ by: 'peer', code: CloseCode.rateLimited });
  await Promise.all(sending);
  expect(await answer(other.openStream(), ping)).toMatchObject({ type: 'ping' });
});

test('a certificate is checked by an authority or not at all; a pin cannot be', async () => {
  const listener = await listenWithout();
  const { certificatePem: strange } = await makeCertificate();
  await expect(connectWithout(listener, { verify: { kind: 'ca', pem: strange } })).rejects.toMatchObject({
    code: 'QUIC_CERTIFICATE_REFUSED',
  });
  await expect(connectWithout(listener, { verify: { kind: 'system' } })).rejects.toMatchObject({
    code: 'QUIC_CERTIFICATE_REFUSED',
  });
  await expect(connectWithout(listener, { verify: { kind: 'pin', sha256: listener.pin } })).rejects.toMatchObject({
    code: 'QUIC_PIN_UNSEEN',
  });
  const trusting = await connectWithout(listener, { verify: { kind: 'insecure' } });
  expect(await answer(trusting.openStream(), ping)).toMatchObject({ type: 'ping' });
});

test('nobody there is a timeout, and leaves no process behind', async () => {
  const listener = await listenWithout();
  const { port } = listener.endpoint;
  await listener.close();
  const connecting = connectControl({ host: '127.0.0.1', port, withoutAlpn: true, verify: { kind: 'insecure' }, timeoutMs: 300 });
  await expect(connecting).rejects.toMatchObject({ code: 'QUIC_CONNECT_TIMEOUT' });
  await expect.poll(bridges).toEqual([]);
});

test('a certificate is replaced on the same port', async () => {
  const listener = await listenWithout();
  const { endpoint } = listener;
  const client = await connectWithout(listener);
  const renewed = await makeCertificate();
  await listener.replaceCertificate(renewed);
  expect(await client.whenClosed).toMatchObject({ by: 'peer', code: CloseCode.certificateReplaced });
  expect(listener.endpoint).toEqual(endpoint);
  const again = await connectWithout(listener, { verify: { kind: 'ca', pem: renewed.certificatePem } });
  expect(await answer(again.openStream(), ping)).toMatchObject({ type: 'ping' });
});

test('signals that are meant for the program do not end its process before it does', async () => {
  const errors: unknown[] = [];
  const listener = await listenWithout({ onError: (error) => errors.push(error) });
  const client = await connectWithout(listener);
  const pids = await bridges();
  expect(pids).toHaveLength(2);
  for (const pid of pids) {
    process.kill(pid, 'SIGINT');
    process.kill(pid, 'SIGTERM');
  }
  expect(await answer(client.openStream(), ping)).toMatchObject({ type: 'ping' });
  expect(await bridges()).toEqual(pids);
  expect(errors).toEqual([]);
});

test('a process that is killed is said, and another one listens in its place', async () => {
  const errors: unknown[] = [];
  const listener = await listenWithout({ onError: (error) => errors.push(error) });
  const [pid = 0] = await bridges();
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => errors).toMatchObject([{ code: 'QUIC_UNAVAILABLE' }]);
  const client = await connectWithout(listener, { timeoutMs: 20_000 });
  expect(await answer(client.openStream(), ping)).toMatchObject({ type: 'ping' });
});

/** The processes of Deno that this one has begun. */
async function bridges(): Promise<number[]> {
  const { stdout } = await promisify(execFile)('pgrep', ['-P', String(process.pid), 'deno']).catch(() => ({ stdout: '' }));
  return stdout.split('\n').filter(Boolean).map(Number);
}
