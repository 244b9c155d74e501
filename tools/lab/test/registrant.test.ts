import { KEEPALIVE_SLOT_MS, sessionSecretExtension } from '@lightspeed/control';
import { QuicError, listenControl, makeCertificate, pinOf } from '@lightspeed/control/quic';
import type { ControlConnection, ControlStream } from '@lightspeed/control/quic';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PING_MS, Registrant } from '../src/load/registrant.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] }));
afterEach(() => void vi.useRealTimers());

/** A control plane that lets everybody in and answers Pings. */
async function startNode() {
  const certificate = await makeCertificate();
  const pinged: bigint[] = [];
  const talk = async (stream: ControlStream) => {
    for await (const message of stream.messages()) {
      if (message.type === 'register') {
        const extensions = [sessionSecretExtension.encode(new Uint8Array(16))];
        await stream.send({ type: 'register_ack', sessionId: 7, token: 9, nodeId: 'node', region: '', extensions });
      } else if (message.type === 'ping') {
        pinged.push(message.timestampUs);
        await stream.send({ type: 'pong', echoedTimestampUs: message.timestampUs, serverTimestampUs: 0n });
      }
    }
  };
  const ignoreTheEnd = (thrown: unknown) => {
    if (!(thrown instanceof QuicError)) throw thrown;
  };
  const serve = async (connection: ControlConnection) => {
    for await (const stream of connection.streams()) talk(stream).catch(ignoreTheEnd);
  };
  const listener = await listenControl({
    bind: { host: '127.0.0.1', port: 0 },
    ...certificate,
    onConnection: (connection) => void serve(connection).catch(ignoreTheEnd),
  });
  return { listener, pinged, sha256: pinOf(certificate.certificatePem) };
}

it('a registered client sends Pings, reads each Pong, and keeps its connection alive by QUIC in between', async () => {
  const { listener, pinged, sha256 } = await startNode();
  await using _ = { [Symbol.asyncDispose]: () => listener.close() };
  const { port } = listener.endpoint;
  const before = vi.getTimerCount();
  const registrant = await Registrant.register({ host: '127.0.0.1', port, sha256, timeoutMs: 10_000 });
  expect(registrant.session).toMatchObject({ sessionId: 7, token: 9 });
  vi.advanceTimersByTime(KEEPALIVE_SLOT_MS);
  await expect.poll(() => registrant.pongs, { timeout: 10_000 }).toBe(1);
  expect(vi.getTimerCount() - before).toBe(1);

  for (let ping = 2; ping <= 4; ping++) {
    vi.advanceTimersByTime(PING_MS);
    await expect.poll(() => registrant.pongs, { timeout: 10_000 }).toBe(ping);
  }
  expect(pinged).toHaveLength(4);
  expect(registrant.lostBy).toBeUndefined();
  await registrant.hangUp();
  expect(vi.getTimerCount() - before).toBe(0);
});
