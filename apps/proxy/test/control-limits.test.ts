import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { CloseCode, connectControl, parsePin } from '@lightspeed/control/quic';
import type { RunningNode } from '@lightspeed/proxy';
import { expect, it, onTestFinished } from 'vitest';
import { eventually } from './support/eventually.ts';
import { Control, playingClient, registeredClient } from './support/registered-client.ts';
import { registrarNode, testServer } from './support/scene.ts';

/** Connects and registers. @returns why it was refused, or undefined. */
async function tryToRegister(node: RunningNode) {
  const control = await Control.connect(node);
  await control.register();
  await eventually(() => expect(control.said.length).toBeGreaterThan(0));
  return control.said[0].type === 'register_ack' ? undefined : control.refusal();
}

it('so many registrations as the node takes, and one more when one is over', async () => {
  const node = await registrarNode({ maxClients: 2 });
  const first = await playingClient(node);
  await registeredClient(node);
  expect(await tryToRegister(node)).toEqual(['rate_limited', 'the node is full']);
  await first.control.say({ type: 'disconnect', reason: 'normal' });
  await first.next('fin');
  expect(await tryToRegister(node)).toBeUndefined();
});

it('so many registrations as one address may have', async () => {
  const node = await registrarNode({ maxSessionsPerAddress: 2 });
  await Promise.all([registeredClient(node), registeredClient(node)]);
  expect(await tryToRegister(node)).toEqual(['rate_limited', '2 sessions from one address are the limit of this node']);
});

it.each([
  ['maxConnections', 'the node has as many connections as it takes'],
  ['maxConnectionsPerAddress', 'too many connections from one address'],
] as const)('so many connections as %s says', async (limit, words) => {
  const node = await registrarNode({ [limit]: 2 });
  const server = await testServer();
  const client = await playingClient(node);
  await Control.connect(node);
  const { controlAddress, controlPin } = node;
  const third = connectControl({
    host: controlAddress?.host ?? '',
    port: controlAddress?.port ?? 0,
    verify: { kind: 'pin', sha256: parsePin(controlPin ?? '') },
  });
  const closed = await third.then((connection) => connection.whenClosed).catch((error: unknown) => String(error));
  if (typeof closed === 'string') expect(closed).toContain(words);
  else expect(closed).toMatchObject({ code: CloseCode.rateLimited, reason: words });
  await client.roundTrip(server.endpoint, 'not bothered');
});

it('one session for each connection', async () => {
  const node = await registrarNode();
  const client = await playingClient(node);
  await client.control.register();
  expect(await client.control.refusal()).toEqual(['rate_limited', 'a control connection has one session']);
  await client.next('fin');
  await eventually(() => expect(node.stats().relay.registrations).toBe(0));
});

it('datagrams that are no QUIC cost nothing', async () => {
  const node = await registrarNode();
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  for (let size = 0; size < 200; size++) socket.send(new Uint8Array(size * 7).fill(size), node.controlAddress?.port ?? 0, '127.0.0.1');
  const server = await testServer();
  await (await playingClient(node)).roundTrip(server.endpoint, 'hello');
});
