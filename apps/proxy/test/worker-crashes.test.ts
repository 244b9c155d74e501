import { readdirSync } from 'node:fs';
import type { RunningNode } from '@lightspeed/proxy';
import { nodeConfig, startNode } from '@lightspeed/proxy';
import { TunnelHeader } from '@lightspeed/wire';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from './support/eventually.ts';
import type { RawClient } from './support/raw-client.ts';
import { ENGINES, testClient, testNode, testServer, unknownClient } from './support/scene.ts';

/** Opens sessions until every worker has some: the kernel spreads clients by address and port. */
async function clientsOnEveryWorker(node: RunningNode): Promise<RawClient[][]> {
  const byWorker: RawClient[][] = Array.from({ length: node.workerCount }, () => []);
  while (byWorker.some(({ length }) => length === 0)) {
    const before = node.stats().workers.map(({ sessions }) => sessions);
    const client = await testClient(node);
    const after = node.stats().workers.map(({ sessions }) => sessions);
    byWorker[after.findIndex((sessions, worker) => sessions > before[worker])].push(client);
  }
  return byWorker;
}

async function servesAgain(node: RunningNode, restarts: number): Promise<void> {
  await eventually(() => {
    const { workers, workerRestarts } = node.stats();
    expect(workerRestarts).toBe(restarts);
    expect(workers.map(({ state }) => state)).toEqual(workers.map(() => 'serving'));
  });
}

const openDescriptors = () => readdirSync('/proc/self/fd').length;

describe('workers of the batch engine', () => {
  it('go on when one of them crashes, and keep their sessions', async () => {
    const node = await testNode({ io: 'batch', workers: 3 });
    const server = await testServer();
    const [lost, ...kept] = await clientsOnEveryWorker(node);
    for (const client of [...lost, ...kept.flat()]) await client.roundTrip(server.endpoint, 'before');
    const before = node.stats().relay;

    await node.crashWorker(0);
    // Its two neighbours never stopped.
    for (const client of kept.flat()) {
      const { payload } = await client.roundTrip(server.endpoint, 'meanwhile');
      expect(payload).toBe('meanwhile');
    }
    await servesAgain(node, 1);
    for (const client of kept.flat()) await client.roundTrip(server.endpoint, 'afterwards');
    expect(node.stats().workers.map(({ restarts }) => restarts)).toEqual([1, 0, 0]);
    expect(node.stats().relay.sessions).toBe(kept.flat().length);

    // Counters of the dead worker are not forgotten, and its clients come in again.
    expect(node.stats().relay.sessionsOpened).toBe(before.sessionsOpened);
    for (const client of lost) {
      client.token = 0;
      await client.handshake();
      await client.roundTrip(server.endpoint, 'again');
    }
    const { relay } = node.stats();
    expect(relay.sessionsOpened).toBe(before.sessionsOpened + lost.length);
    expect(relay.serverPacketsSent).toBe(before.serverPacketsSent + 2 * kept.flat().length + lost.length);
  });

  it('leave no descriptor behind when they crash', async () => {
    const node = await testNode({ io: 'batch', workers: 2 });
    const server = await testServer();
    const clients = await clientsOnEveryWorker(node);
    const atRest = openDescriptors();
    for (const client of clients.flat()) await client.roundTrip(server.endpoint, 'opens a socket');
    expect(openDescriptors()).toBeGreaterThan(atRest);
    await Promise.all([node.crashWorker(0), node.crashWorker(1)]);
    await servesAgain(node, 2);
    await eventually(() => expect(openDescriptors()).toBe(atRest));
    // Of each worker: the socket of the public port, and the one that takes what the other worker forwards.
    expect(node.stats().udp.sockets_open).toBe(4);
  });

  it('are started again less and less often when they crash at once again and again', async () => {
    const log: { msg: string; delayMs: number }[] = [];
    const sink = { write: (line: string) => void log.push(JSON.parse(line) as (typeof log)[number]) };
    const node = await startNode(nodeConfig({ dataBind: '127.0.0.1:0', httpBind: 'off', controlBind: 'off' }), {
      log: pino({}, sink),
    });
    onTestFinished(() => node.close());
    for (let crash = 1; crash <= 3; crash++) {
      await node.crashWorker(0);
      await servesAgain(node, crash);
    }
    const crashes = log.filter(({ msg }) => msg.startsWith('data-plane worker crashed'));
    expect(crashes.map(({ delayMs }) => delayMs)).toEqual([100, 200, 400]);
  });

  it('leave no descriptor behind when the node ends', async () => {
    const server = await testServer();
    const atRest = openDescriptors();
    const node = await testNode({ io: 'batch', workers: 2 });
    const clients = await clientsOnEveryWorker(node);
    for (const client of clients.flat()) await client.roundTrip(server.endpoint, 'opens a socket');
    await node.close();
    for (const client of clients.flat()) client.close();
    await eventually(() => expect(openDescriptors()).toBe(atRest));
  });

  it('can be given up while they wait to be started again', async () => {
    const node = await testNode({ io: 'batch' });
    await node.crashWorker(0);
    await node.close();
    expect(node.stats().workers[0]).toMatchObject({ state: 'stopped', restarts: 1 });
  });

  it('serve what came while nobody was there', async () => {
    const node = await testNode({ io: 'batch' });
    await node.crashWorker(0);
    expect(node.stats().workers[0].state).toBe('restarting');
    const client = await unknownClient(node);
    client.send(TunnelHeader.handshake(0, 1));
    await client.next('handshake');
    await servesAgain(node, 1);
  });
});

describe.each(ENGINES)('workers of the %s engine', (io) => {
  it('carry the sessions of one port together', async () => {
    const node = await testNode({ io, workers: 2 });
    const server = await testServer();
    const clients = (await clientsOnEveryWorker(node)).flat();
    await Promise.all(clients.map((client, index) => client.roundTrip(server.endpoint, `${index}`)));
    expect(new Set(server.payloads).size).toBe(clients.length);
    expect(node.stats().relay).toMatchObject({ sessions: clients.length, serverPacketsSent: clients.length });
  });

  it('are replaced, one crash after the other', async () => {
    const node = await testNode({ io, workers: 1 });
    const server = await testServer();
    const address = node.dataAddress;
    for (let crash = 1; crash <= 2; crash++) {
      await node.crashWorker(0);
      await servesAgain(node, crash);
      expect(node.dataAddress).toEqual(address);
      const client = await testClient(node);
      await client.roundTrip(server.endpoint, 'hello');
    }
    expect(node.stats().relay).toMatchObject({ sessions: 1, sessionsOpened: 2, serverPacketsSent: 2 });
  });

  it('share the number of sessions, and a crash gives its share back', async () => {
    const node = await testNode({ io, workers: 2, maxClients: 12 });
    const clients = await clientsOnEveryWorker(node);
    for (let have = clients.flat().length; have < 12; have++) await testClient(node);
    const late = await unknownClient(node);
    late.send(TunnelHeader.handshake(0, 1));
    await eventually(() => expect(node.stats().clientDrops.session_limit).toBe(1));
    expect(node.stats().relay.sessions).toBe(12);

    const [first] = node.stats().workers;
    await node.crashWorker(0);
    await servesAgain(node, 1);
    expect(node.stats().relay.sessions).toBe(12 - first.sessions);
    for (let free = first.sessions; free > 0; free--) await testClient(node);
    expect(node.stats().relay.sessions).toBe(12);
  });

  it("each allow their share of one address's sessions, rounded up", async () => {
    const node = await testNode({ io, workers: 2, maxSessionsPerAddress: 3 });
    const refused = () => node.stats().clientDrops.address_session_limit;
    for (let opened = 0; opened < 4;) {
      const client = await unknownClient(node);
      client.send(TunnelHeader.handshake(0, 1));
      const before = refused();
      await eventually(() => expect(client.received.length + refused() - before).toBe(1));
      opened += client.received.length;
    }
    expect(node.stats().workers.map(({ sessions }) => sessions)).toEqual([2, 2]);
  });
});
