import { sessionSecretExtension } from '@lightspeed/control';
import type { NodeSettings, RunningNode } from '@lightspeed/proxy';
import { describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { Control, playingClient, registeredClient } from './support/registered-client.ts';
import type { RegisteredClient } from './support/registered-client.ts';
import { ENGINES, registrarNode, testServer } from './support/scene.ts';

/** Connects again and asks for the session. @returns what the node acknowledges. */
async function reconnect(node: RunningNode, client: RegisteredClient, options?: Parameters<RegisteredClient['resume']>[0]) {
  client.control = await Control.connect(node);
  await client.control.register([client.resume(options)]);
  return client.control.heard('register_ack');
}

async function playing(settings: NodeSettings = {}) {
  const node = await registrarNode(settings);
  const server = await testServer();
  const client = await playingClient(node);
  await client.roundTrip(server.endpoint, 'before');
  return { node, server, client };
}

describe('a client that has lost its control connection', () => {
  it('gets its session back, and the game server notices nothing', async () => {
    const { node, server, client } = await playing();
    await client.control.connection.close();
    const { sessionId, token, extensions } = await reconnect(node, client);
    expect([sessionId, token]).toEqual([client.ack.sessionId, client.ack.token]);
    expect(sessionSecretExtension.find(extensions)).toEqual(client.secret);
    await client.roundTrip(server.endpoint, 'after');
    expect(new Set(server.received.map(({ port }) => port)).size).toBe(1);
    await eventually(() => expect(node.stats().relay).toMatchObject({ sessionsOpened: 1, registrations: 1 }));
  });

  it('takes it over also while the node still believes in the old connection', async () => {
    const { node, server, client } = await playing();
    const { control: old } = client;
    expect((await reconnect(node, client)).sessionId).toBe(client.ack.sessionId);
    expect(await old.refusal()).toEqual(['normal', 'the session goes on over another connection']);
    await old.connection.whenClosed;
    await client.roundTrip(server.endpoint, 'after');
  });

  it('gets another session if it cannot prove that the old one is its own', async () => {
    const { node, server, client } = await playing();
    const used = client.nonce;
    await reconnect(node, client);
    const ids = new Set([client.ack.sessionId]);
    for (const options of [{ nonce: used }, { secret: new Uint8Array(16) }, { sessionId: (client.ack.sessionId ^ 1) >>> 0 }]) {
      const { control } = client;
      ids.add((await reconnect(node, client, options)).sessionId);
      client.control = control;
    }
    expect(ids.size).toBe(4);
    await client.roundTrip(server.endpoint, 'after');
  });

  it('keeps its session while packets flow, and loses it when they do not', async () => {
    const { node, server, client } = await playing({ graceSecs: 1 });
    await client.control.connection.close();
    const untilMs = performance.now() + 2_500;
    for (let packet = 0; performance.now() < untilMs; packet++) await client.roundTrip(server.endpoint, `${packet}`);
    await eventually(() => expect(node.stats().relay.registrations).toBe(1));
    await client.next('fin');
    await eventually(() => expect(node.stats().relay.registrations).toBe(0));
  });

  it('loses a session that it never opened when the grace is over', async () => {
    const node = await registrarNode({ graceSecs: 1 });
    const client = await registeredClient(node);
    await eventually(() => expect(node.stats().relay.registrations).toBe(1));
    await client.control.connection.close();
    await eventually(() => expect(node.stats().relay.registrations).toBe(0));
  });

  it('is gone with the connection if that has fallen silent: it was waited for by then', async () => {
    const node = await registrarNode();
    const control = await Control.connect(node, 1_000);
    await control.register();
    await control.heard('register_ack');
    await eventually(() => expect(node.stats().relay.registrations).toBe(1));
    await eventually(() => expect(node.stats().relay.registrations).toBe(0));
  });

  it('is gone when it has vanished, although a game server goes on sending to it', async () => {
    const node = await registrarNode({ graceSecs: 1 });
    const server = await testServer();
    // Vanished: neither end says a word when the connection is given up for its silence.
    const client = await playingClient(node, { idleTimeoutMs: 3_000 });
    await client.roundTrip(server.endpoint, 'before');
    await eventually(() => expect(node.stats().relay.registrations).toBe(1));
    const [{ port }] = server.received;
    await eventually(() => {
      server.send('more', port);
      expect(node.stats().relay.registrations).toBe(0);
    });
    await client.next('fin');
    expect(client.received.some(({ payload }) => payload === 'more')).toBe(true);
  });
});

describe.each(ENGINES)('over the %s engine, a client whose address changes', (io) => {
  it('moves its session by proof, from worker to worker, and the game server sees the same address', async () => {
    const { node, server, client } = await playing({ io, workers: 2 });
    // The kernel spreads addresses over the workers: some of these are the other one's.
    for (let move = 1; node.stats().relay.forwarded < 3; move++) {
      await client.roam();
      await client.bind();
      await client.roundTrip(server.endpoint, `move ${move}`);
    }
    expect(new Set(server.received.map(({ port }) => port)).size).toBe(1);
    await eventually(() => expect(node.stats().relay).toMatchObject({ sessionsOpened: 1, registrations: 1, sessions: 1 }));
  });

  it('is the only one who can use its proofs, whichever worker hears them again', async () => {
    const { node, server, client } = await playing({ io, workers: 2 });
    const heard = client.proof();
    client.sendBytes(heard);
    client.fin();
    await client.next('fin');
    await eventually(() => expect(node.stats().workers.map(({ sessions }) => sessions)).toEqual([0, 0]));
    const thieves = await Promise.all(Array.from({ length: 16 }, () => registeredClient(node)));
    for (const thief of thieves) {
      thief.sendBytes(heard);
      thief.data(server.endpoint, 'stolen', client.ack.token);
    }
    await eventually(() => expect(node.stats().clientDrops).toMatchObject({ replayed_proof: 16, unknown_session: 16 }));
    expect(server.payloads).toEqual(['before']);
    await client.bind();
    await client.roundTrip(server.endpoint, 'after');
  });

  it('comes in by a proof when the worker that had its session has crashed', async () => {
    const { node, server, client } = await playing({ io, workers: 2 });
    const owner = node.stats().workers.findIndex(({ sessions }) => sessions === 1);
    await node.crashWorker(owner);
    await client.bind();
    await client.roundTrip(server.endpoint, 'after');
    expect(node.stats().relay.sessionsOpened).toBe(2);
  });
});
