import { nodeConfig } from '@lightspeed/proxy';
import type { NodeSettings } from '@lightspeed/proxy';
import { TunnelHeader } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { GAME, LOOPBACK } from './support/raw-client.ts';
import { ENGINES, testClient, testNode, testServer, unknownClient } from './support/scene.ts';

describe.each(ENGINES)('a node over the %s engine', (io) => {
  const node = (settings: NodeSettings = {}) => testNode({ io, ...settings });

  it('refuses a wrong token, and whoever has no session', async () => {
    const { stats, dataAddress } = await node();
    const server = await testServer();
    const client = await testClient({ dataAddress });
    const stranger = await unknownClient({ dataAddress });
    stranger.data(server.endpoint, 'never shook hands');
    const wrong = TunnelHeader.data(9, 0, GAME, server.endpoint).withSessionToken((client.token % 255) + 1);
    client.send(wrong, 'wrong token');
    await client.roundTrip(server.endpoint, 'right token');

    await eventually(() => expect(stats().clientDrops).toMatchObject({ bad_token: 1, unknown_session: 1 }));
    expect(server.payloads).toEqual(['right token']);
  });

  it('admits nobody while authentication is required, and answers nobody', async () => {
    const { stats, dataAddress } = await node({ requireAuth: true });
    const server = await testServer();
    const stranger = await unknownClient({ dataAddress });
    for (const token of [0, 1, 255]) stranger.send(TunnelHeader.handshake(0, 1).withSessionToken(token));
    stranger.data(server.endpoint, 'let me through');
    stranger.keepalive(5);

    await eventually(() => expect(stats().clientDrops).toMatchObject({ not_admitted: 3, unknown_session: 2 }));
    expect(stats().relay).toMatchObject({ sessions: 0, clientPacketsSent: 0, serverPacketsSent: 0 });
    expect(stranger.received).toEqual([]);
    expect(server.received).toEqual([]);
  });

  it('relays to no private, denied or own address', async () => {
    const server = await testServer();
    const { ip, port } = server.endpoint;
    const allowed = await testServer();
    const { stats, dataAddress } = await node({
      allowDestinations: [`127.0.0.1/32:${allowed.endpoint.port}`, '127.0.0.0/8:1-65535'],
      denyDestinations: [`127.0.0.1/32:${port}`],
    });
    const client = await testClient({ dataAddress });
    const denied = [
      { ip, port },
      { ip: LOOPBACK, port: dataAddress.port },
      { ip: 0, port: dataAddress.port },
      { ip: 0x0a00_0001, port: 27_015 },
      { ip: 0xe000_0001, port: 27_015 },
      { ip: LOOPBACK, port: 0 },
    ];
    for (const destination of denied) client.data(destination, 'not there');
    await client.roundTrip(allowed.endpoint, 'there');

    expect(stats().clientDrops.destination_denied).toBe(denied.length);
    expect(stats().relay.serverPacketsSent).toBe(1);
    expect(server.received).toEqual([]);
    expect(allowed.payloads).toEqual(['there']);
  });

  it('relays to no loopback address unless it is told to', async () => {
    const { stats, dataAddress } = await node({ allowDestinations: [] });
    const server = await testServer();
    const client = await testClient({ dataAddress });
    client.data(server.endpoint, 'home');
    await eventually(() => expect(stats().clientDrops.destination_denied).toBe(1));
    expect(server.received).toEqual([]);
  });

  it("lets no stranger's datagram through an egress port", async () => {
    const { stats, dataAddress } = await node();
    const server = await testServer();
    const stranger = await testServer();
    const client = await testClient({ dataAddress });
    await client.roundTrip(server.endpoint, 'first');
    const [{ port }] = server.received;
    stranger.send('buy gold', port);
    await eventually(() => expect(stats().serverDrops.unsolicited).toBe(1));
    server.send('from the server', port);

    const { payload } = await client.next('data');
    expect(payload).toBe('from the server');
    expect(client.received).toEqual([]);
  });

  it('counts whatever is no packet by its reason, and goes on', async () => {
    const { stats, dataAddress } = await node();
    const server = await testServer();
    const client = await testClient({ dataAddress });
    const stranger = await unknownClient({ dataAddress });
    stranger.sendBytes(Uint8Array.of(0x10, 0, 0));
    stranger.sendBytes(new Uint8Array(0));
    stranger.sendBytes(new Uint8Array(40).fill(0xff));
    client.sendBytes(Uint8Array.of(0x20, client.token, ...new Array<number>(20).fill(0)));
    client.send(new TunnelHeader({ ...TunnelHeader.data(7, 0, GAME, server.endpoint), flags: 8, token: client.token }));

    await eventually(() =>
      expect(stats().clientDrops).toMatchObject({ too_short: 2, bad_version: 1, extension_cut_short: 1, fragment: 1 }),
    );
    await client.roundTrip(server.endpoint, 'still here');
    expect(server.payloads).toEqual(['still here']);
  });

  it("keeps a client's rate", async () => {
    const { stats, dataAddress } = await node({ maxPpsPerClient: 10 });
    const server = await testServer();
    const client = await testClient({ dataAddress });
    for (let packet = 0; packet < 60; packet++) client.data(server.endpoint, `${packet}`);
    await eventually(() => expect(stats().relay.clientPacketsReceived).toBe(62));
    const refused = stats().clientDrops.rate_packets;
    expect(refused).toBeGreaterThan(40);
    await eventually(() => expect(server.received).toHaveLength(60 - refused));
  });

  it('keeps the number of sessions, all together and of one address', async () => {
    const { stats, dataAddress } = await node({ maxClients: 3, maxSessionsPerAddress: 2 });
    await testClient({ dataAddress });
    await testClient({ dataAddress });
    const third = await unknownClient({ dataAddress });
    third.send(TunnelHeader.handshake(0, 1));
    await eventually(() => expect(stats().clientDrops.address_session_limit).toBe(1));
    await testClient({ dataAddress }, { from: '127.0.0.2' });
    const fifth = await unknownClient({ dataAddress }, { from: '127.0.0.3' });
    fifth.send(TunnelHeader.handshake(0, 1));
    await eventually(() => expect(stats().clientDrops.session_limit).toBe(1));
    expect(stats().relay.sessions).toBe(3);
  });
});

it('refuses to be an open relay for others by mistake', () => {
  const open = (settings: NodeSettings) => () => nodeConfig({ requireAuth: false, ...settings });
  expect(open({})).toThrow(/^requireAuth: a node without authentication relays for anybody who can reach (0\.0\.0\.0|\[::\]):4434/);
  expect(open({ dataBind: '192.0.2.1:4434' })).toThrow(/--allow-open/);
  expect(open({ dataBind: '127.0.0.9:4434' })).not.toThrow();
  expect(open({ allowOpen: true })).not.toThrow();
});
