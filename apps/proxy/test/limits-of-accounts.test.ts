import type { NodeSettings } from '@lightspeed/proxy';
import { describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { Control, playingClient, registeredClient } from './support/registered-client.ts';
import { ENGINES, registrarNode, testServer } from './support/scene.ts';

/** Registers again and again, sends to servers that were not sent to before, and says goodbye. @returns to how many it came through. */
async function spray(settings: NodeSettings, registrations: number, most: number): Promise<number> {
  const node = await registrarNode({ maxDestinationsPerWindow: most, ...settings });
  const server = await testServer();
  const { port } = server.endpoint;
  for (let round = 0; round < registrations; round++) {
    const client = await playingClient(node);
    // 127.0.0.0/8 is all this machine, so each of these is a destination of its own.
    for (let i = 0; i < 5; i++) client.data({ ip: 0x7f00_0000 + 256 * (round + 1) + i, port }, 'x');
    client.data({ ip: 0x7f00_0000 + 256 * (round + 1) + 4, port }, 'last');
    await eventually(() => {
      const { relay, clientDrops } = node.stats();
      expect(relay.flowsOpened + clientDrops.reflection).toBeGreaterThanOrEqual(5 * (round + 1));
    });
    await client.control.say({ type: 'disconnect', reason: 'normal', extensions: [] });
    await eventually(() => expect(node.stats().relay.registrations).toBe(0));
  }
  return node.stats().relay.flowsOpened;
}

describe.each(ENGINES)('limits of an account at a node with the %s engine', (io) => {
  it.each([1, 2])('go on when it registers again, with %i workers', async (workers) => {
    expect(await spray({ io, workers }, 4, 7)).toBe(7);
  });
});

it('what one session has spent, another one at the same time still has', async () => {
  const node = await registrarNode({ maxDestinationsPerWindow: 1 });
  const server = await testServer();
  const clients = [await playingClient(node), await playingClient(node)];
  for (const client of clients) await client.roundTrip(server.endpoint, `to ${client.ack.sessionId}`);
  expect(node.stats().relay.flowsOpened).toBe(2);
});

it('a registration that is resumed keeps what was counted for it', async () => {
  const node = await registrarNode({ maxDestinationsPerWindow: 1 });
  const server = await testServer();
  const other = await testServer();
  const client = await registeredClient(node);
  await client.bind();
  await client.roundTrip(server.endpoint, 'first');
  await client.control.connection.close();
  client.control = await Control.connect(node);
  await client.control.register([client.resume()]);
  await client.control.heard('register_ack');
  client.data(other.endpoint, 'second');
  await eventually(() => expect(node.stats().clientDrops.reflection).toBe(1));
});
