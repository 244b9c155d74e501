import {
  dataAddressExtension,
  egressAddressExtension,
  keepaliveIntervalExtension,
  limitsExtension,
  loadExtension,
  observedAddressExtension,
} from '@lightspeed/control';
import { FLAG_HANDSHAKE } from '@lightspeed/wire';
import { expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { LOOPBACK } from './support/raw-client.ts';
import { Control, playingClient, registeredClient } from './support/registered-client.ts';
import { registrarNode, testClient, testServer, unknownClient } from './support/scene.ts';

it('a client registers, proves that it is the one, and plays', async () => {
  const node = await registrarNode({ nodeId: 'fra-1', region: 'eu', maxPpsPerClient: 500, maxBpsPerClient: 70_000 });
  const server = await testServer();
  const client = await registeredClient(node);
  const { ack } = client;
  expect(ack).toMatchObject({ nodeId: 'fra-1', region: 'eu' });
  expect(ack.token).toBeGreaterThan(0);
  expect(client.secret).toHaveLength(16);
  expect(dataAddressExtension.find(ack.extensions)).toEqual({ ip: 0, port: node.dataAddress.port });
  expect(keepaliveIntervalExtension.find(ack.extensions)).toBe(5_000);
  expect(limitsExtension.find(ack.extensions)).toEqual({ ratePps: 500, rateBps: 70_000 });
  expect(observedAddressExtension.find(ack.extensions)?.ip).toBe(LOOPBACK);
  expect(egressAddressExtension.find(ack.extensions)).toMatchObject({ port: 0 });

  const info = await client.control.heard('server_info');
  expect(info).toMatchObject({ dialect: 'standard', nodeId: 'fra-1', region: 'eu', loadPercent: 0 });
  expect(info.dialect === 'standard' && loadExtension.find(info.extensions)).toEqual({
    activeSessions: 0,
    capacity: 10_000,
  });

  await client.bind();
  await client.roundTrip(server.endpoint, 'hello');
  expect(server.payloads).toEqual(['hello']);
});

it('a Ping is answered with its timestamp and the time here, registered or not', async () => {
  const control = await Control.connect(await registrarNode());
  await control.say({ type: 'ping', timestampUs: 12_345n });
  const { echoedTimestampUs, serverTimestampUs } = await control.heard('pong');
  expect(echoedTimestampUs).toBe(12_345n);
  expect(Math.abs(Number(serverTimestampUs) / 1_000 - Date.now())).toBeLessThan(10_000);
});

it('clients behind one address are told apart by their tokens, also without proofs', async () => {
  const node = await registrarNode();
  const server = await testServer();
  const clients = await Promise.all(Array.from({ length: 5 }, () => playingClient(node)));
  expect(new Set(clients.map(({ ack }) => ack.token)).size).toBe(5);
  await Promise.all(clients.map((client, index) => client.roundTrip(server.endpoint, `${index}`)));

  // A plain client shows its token in a HANDSHAKE, from the address that it registered from.
  const { ack } = await registeredClient(node);
  const plain = await unknownClient(node);
  plain.token = ack.token;
  expect((await plain.handshake()).flags).toBe(FLAG_HANDSHAKE);
  await plain.roundTrip(server.endpoint, 'plain');
});

it('a client of dialect `reference` registers with two bytes, and its first packet binds', async () => {
  const node = await registrarNode({ maxClients: 50 });
  const server = await testServer();
  const control = await Control.connect(node);
  await control.stream.send({ type: 'register', dialect: 'reference', protocolVersion: 1, gameId: 2 }, 'reference');
  control.stream.dialect = 'reference';
  const ack = await control.heard('register_ack');
  expect(ack.extensions).toEqual([]);
  expect(await control.heard('server_info')).toEqual({
    type: 'server_info',
    dialect: 'reference',
    loadPercent: 0,
    activeSessions: 0,
    capacity: 50,
  });
  const client = await unknownClient(node, { dialect: 'reference' });
  client.token = ack.token;
  expect((await client.roundTrip(server.endpoint, 'no handshake')).payload).toBe('no handshake');
  await control.stream.send({ type: 'disconnect', reason: 'normal' }, 'reference');
  await client.next('fin');
});

it('a client that says Disconnect is forgotten at once', async () => {
  const node = await registrarNode();
  const client = await playingClient(node);
  await client.control.say({ type: 'disconnect', reason: 'normal' });
  expect((await client.next('fin')).header.token).toBe(client.ack.token);
  await client.control.connection.whenClosed;
  await eventually(() => expect(node.stats().relay.registrations).toBe(0));
});

it('load is told when it changes by five points, once a second at the most', async () => {
  const node = await registrarNode({ maxClients: 10 });
  const first = await registeredClient(node);
  expect(await first.control.heard('server_info')).toMatchObject({ loadPercent: 0 });
  await first.bind();
  expect(await first.control.heard('server_info')).toMatchObject({ loadPercent: 10 });
  const others = await Promise.all([playingClient(node), playingClient(node)]);
  expect(await first.control.heard('server_info')).toMatchObject({ loadPercent: 30 });
  expect(others).toHaveLength(2);
});

it('a node for everybody registers clients too if it is told to', async () => {
  const node = await registrarNode({ requireAuth: false });
  const server = await testServer();
  await (await playingClient(node)).roundTrip(server.endpoint, 'registered');
  await (await testClient(node)).roundTrip(server.endpoint, 'anybody');
});
