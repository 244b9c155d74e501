import { expect, test } from 'vitest';
import { CloseCode } from '@lightspeed/control/quic';
import type { ControlConnection } from '@lightspeed/control/quic';
import { answer, connect, listen, onEachStream } from './support.ts';

// How many: 1,000 says how long a full node takes, and needs as many threads, one for each client.
const COUNT = Number(process.env['LIGHTSPEED_REGISTRATIONS'] ?? 200);

test(`${COUNT} clients that connect and register at once all get their own session`, { timeout: 120_000 }, async () => {
  let sessions = 0;
  const serve = (connection: ControlConnection): void => {
    void onEachStream(connection, async (stream) => {
      for await (const message of stream.messages()) {
        if (message.type !== 'register') continue;
        sessions += 1;
        await stream.send({ type: 'register_ack', sessionId: sessions, token: 1, nodeId: 'n', region: 'r' });
      }
    });
  };
  const listener = await listen({ onConnection: serve, maxConnections: COUNT, maxConnectionsPerAddress: COUNT });
  const startedMs = performance.now();
  const registered = await Promise.all(
    Array.from({ length: COUNT }, async () => {
      const connection = await connect(listener, { timeoutMs: 100_000, idleTimeoutMs: 120_000 });
      const ack = await answer(connection.openStream(), { type: 'register', dialect: 'standard', gameId: 2, clientVersion: '1' });
      return { connection, ack };
    }),
  );
  const elapsedMs = performance.now() - startedMs;
  if (process.env['LIGHTSPEED_REGISTRATIONS'] !== undefined) {
    const rssMib = process.memoryUsage.rss() / 2 ** 20;
    console.info(`${COUNT} registrations: ${(elapsedMs / 1_000).toFixed(1)} s, both ends in one process of ${rssMib.toFixed(0)} MiB`);
  }
  const ids = registered.map(({ ack }) => (ack as { sessionId: number }).sessionId);
  expect(new Set(ids).size).toBe(COUNT);
  expect(listener.connections).toBe(COUNT);

  await listener.close();
  const ends = await Promise.all(registered.map(({ connection }) => connection.whenClosed));
  for (const end of ends) expect(end).toMatchObject({ by: 'peer', code: CloseCode.serverShutdown });
});
