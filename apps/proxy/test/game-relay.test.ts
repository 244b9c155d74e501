import { FecEncoder } from '@lightspeed/fec';
import { FecHeader } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { GAME } from './support/raw-client.ts';
import { ENGINES, testClient, testNode, testServer } from './support/scene.ts';

describe.each(ENGINES)('a node over the %s engine', (io) => {
  it('acknowledges a handshake with a token, and carries a datagram there and back under its true addresses', async () => {
    const node = await testNode({ io });
    const server = await testServer();
    const client = await testClient(node);
    expect(client.token).toBeGreaterThan(0);

    const { header, payload } = await client.roundTrip(server.endpoint, 'where are the players?');
    expect(payload).toBe('where are the players?');
    expect(header.source).toEqual(server.endpoint);
    expect(header.destination).toEqual(GAME);
    expect(header.token).toBe(client.token);
    expect(server.payloads).toEqual(['where are the players?']);
  });

  it('echoes keepalives with their sequence, token and timestamp, and lets none through to the game', async () => {
    const node = await testNode({ io });
    const server = await testServer();
    const client = await testClient(node);
    const sequence = client.keepalive(777_000);
    const { header } = await client.next('keepalive');
    expect(header).toMatchObject({ sequence, token: client.token, timestampUs: 777_000 });
    await client.roundTrip(server.endpoint, 'after it');
    expect(server.payloads).toEqual(['after it']);
  });

  it('answers FIN, and forgets the session and its socket', async () => {
    const node = await testNode({ io });
    const server = await testServer();
    const client = await testClient(node);
    await client.roundTrip(server.endpoint, 'hello');
    await eventually(() => expect(node.stats().udp.sockets_open).toBe(2));
    const sequence = client.fin();
    const { header } = await client.next('fin');
    expect(header).toMatchObject({ sequence, token: client.token });
    await eventually(() => expect(node.stats().relay).toMatchObject({ sessions: 0, sessionsClosed: 1, fins: 1 }));
    await eventually(() => expect(node.stats().udp.sockets_open).toBe(1));

    client.data(server.endpoint, 'too late');
    await eventually(() => expect(node.stats().clientDrops.unknown_session).toBe(1));
    expect(server.payloads).toEqual(['hello']);
  });

  it('talks to several servers at once and keeps their answers apart', async () => {
    const node = await testNode({ io });
    const servers = [await testServer(), await testServer(), await testServer()];
    const client = await testClient(node);
    for (const [index, server] of servers.entries()) {
      const { header, payload } = await client.roundTrip(server.endpoint, `to ${index}`);
      expect(header.source).toEqual(server.endpoint);
      expect(payload).toBe(`to ${index}`);
    }
    // Different servers share one socket: the data plane's and one towards servers.
    expect(node.stats().udp.sockets_open).toBe(2);
  });

  it.each(['standard', 'reference'] as const)('brings a lost packet back from parity in dialect %s', async (dialect) => {
    const node = await testNode({ io, dialect });
    const server = await testServer();
    const client = await testClient(node, { dialect });
    const payloads = ['one', 'two, longer', 'three', 'four'];
    const encoder = new FecEncoder(payloads.length);
    let parity: Uint8Array | undefined;
    for (const [index, payload] of payloads.entries()) {
      parity = encoder.addPacket(Buffer.from(payload));
      if (index === 1) client.lose();
      else client.data(server.endpoint, payload, FecHeader.data(0, index, payloads.length));
    }
    client.data(server.endpoint, Buffer.from(parity ?? []).toString('latin1'), FecHeader.parity(0, payloads.length));

    await eventually(() => expect([...server.payloads].sort()).toEqual([...payloads].sort()));
    await eventually(() => expect(node.stats().relay.fecRecovered).toBe(1));
    // The answers come protected in groups of the same size.
    const answers = await Promise.all(payloads.map(() => client.next('data')));
    expect(answers.map(({ payload }) => payload).sort()).toEqual([...payloads].sort());
    for (const { header } of answers) expect(header.fec?.size).toBe(payloads.length);
    const { header } = await client.next('parity');
    expect(header.source).toEqual(server.endpoint);
  });

  it('closes a group that stays partial, without another packet', async () => {
    const node = await testNode({ io });
    const server = await testServer();
    const client = await testClient(node);
    client.data(server.endpoint, 'alone', FecHeader.data(0, 0, 8));
    await client.next('data');
    const { header } = await client.next('parity');
    expect(header.fec).toMatchObject({ size: 1, parity: true });
  });

  it('gives each source its own socket for all its servers when mapping is endpoint-independent', async () => {
    const node = await testNode({ io, egressMapping: 'endpoint-independent' });
    const servers = [await testServer(), await testServer()];
    const first = await testClient(node);
    const second = await testClient(node);
    for (const client of [first, second]) {
      for (const server of servers) await client.roundTrip(server.endpoint, 'hi');
    }
    const ports = servers.map((server) => server.received.map(({ port }) => port));
    expect(ports[0]).toEqual(ports[1]);
    expect(new Set(ports[0]).size).toBe(2);
  });
});
