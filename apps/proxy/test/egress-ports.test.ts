import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import { describe, expect, it, onTestFinished } from 'vitest';
import fc from 'fast-check';
import { eventually } from './support/eventually.ts';
import { EgressPorts, egressPortsOf } from '../src/data-plane/egress-ports.ts';
import { WARN, loggedNode } from './support/logged-node.ts';
import type { LogLine } from './support/logged-node.ts';
import { playingClient } from './support/registered-client.ts';
import { ENGINES, testClient, testNode, testServer } from './support/scene.ts';
import { Issuer } from './support/tickets.ts';

/** Below the ports that systems choose themselves, and another range in each run: two at once would take each other's ports. */
const low = 20_000 + 4 * (process.pid % 2_500);
const RANGE = { low, high: low + 3 };

describe.each(ENGINES)('a node over the %s engine', (io) => {
  it('uses the ports of its range only, counts when none is left, and uses them again', async () => {
    const { high } = RANGE;
    const node = await testNode({ io, egressPorts: `${low}-${high}`, maxSessionsPerAddress: 100 });
    const server = await testServer();
    // Players of one server need a port each. Those of one address may not have all of them.
    const clients = await Promise.all(Array.from({ length: 5 }, (_, i) => testClient(node, { from: `127.0.0.${i + 1}` })));
    for (const client of clients.slice(0, 4)) await client.roundTrip(server.endpoint, 'in');
    expect(server.received.map(({ port }) => port).sort()).toEqual([low, low + 1, low + 2, high]);

    clients[4].data(server.endpoint, 'no port left');
    await eventually(() => expect(node.stats().clientDrops.egress_exhausted).toBe(1));
    expect(server.received).toHaveLength(4);

    clients[1].fin();
    await clients[1].next('fin');
    await clients[4].roundTrip(server.endpoint, 'now there is');
    expect(server.received[4].port).toBe(server.received[1].port);
  });

  it('leaves ports that other programs have alone', async () => {
    const other = createSocket('udp4');
    other.bind(low, '0.0.0.0');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const node = await testNode({ io, egressPorts: `${low}-${low + 1}` });
    const server = await testServer();
    const client = await testClient(node);
    await client.roundTrip(server.endpoint, 'hello');
    expect(server.received[0].port).toBe(low + 1);
  });

  it('sends from the address that it is told to', async () => {
    const node = await testNode({ io, egressBind: '127.0.0.7' });
    const server = createSocket('udp4');
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const client = await testClient(node);
    const arrived = once(server, 'message');
    client.data({ ip: 0x7f00_0001, port: server.address().port }, 'hello');
    const [, from] = (await arrived) as [Buffer, { address: string }];
    expect(from.address).toBe('127.0.0.7');
  });
});

describe('a log names whose share of the ports is used up:', () => {
  const egressPorts = `${RANGE.low}-${RANGE.high}`;
  const shareLines = (log: readonly LogLine[]) => log.filter(({ msg }) => msg.includes('has its share'));

  it('the address at an open node', async () => {
    const { node, log } = await loggedNode({ egressPorts, requireAuth: false, controlBind: 'off' });
    const server = await testServer();
    const clients = [await testClient(node), await testClient(node), await testClient(node)];
    for (const client of clients.slice(0, 2)) await client.roundTrip(server.endpoint, 'in');
    clients[2].data(server.endpoint, 'one more');
    await eventually(() => expect(shareLines(log)).toMatchObject([{ level: WARN, client: '127.0.0.1' }]));
  });

  it('the ticket of whoever registered', async () => {
    const issuer = new Issuer();
    const { node, log } = await loggedNode({ egressPorts, issuerKeys: [issuer.publicKey] });
    const server = await testServer();
    const client = await playingClient(node, { ticket: issuer.ticket({ id: 'ab'.repeat(16), name: 'bob' }) });
    for (const port of [1, 2, 3]) client.data(server.endpoint, 'from one of three programs', client.ack.token, port);
    const line = { level: WARN, client: '127.0.0.1', ticket: 'ab'.repeat(16), name: 'bob' };
    await eventually(() => expect(shareLines(log)).toMatchObject([line]));
  });
});

describe('the ports of a range', () => {
  const range = fc.tuple(fc.integer({ min: 1, max: 65_535 }), fc.integer({ min: 1, max: 65_535 })).map(([a, b]) => {
    return { low: Math.min(a, b), high: Math.max(a, b) };
  });

  it('go to the workers without overlap or gap, evenly', () => {
    fc.assert(
      fc.property(range, fc.integer({ min: 1, max: 64 }), ({ low, high }, asked) => {
        const workers = Math.min(asked, high - low + 1);
        const parts = Array.from({ length: workers }, (_, worker) => egressPortsOf({ low, high }, worker, workers));
        const sizes = parts.map((part) => part.high - part.low + 1);
        expect(parts[0].low).toBe(low);
        expect(parts[workers - 1].high).toBe(high);
        for (let i = 1; i < workers; i++) expect(parts[i].low).toBe(parts[i - 1].high + 1);
        expect(Math.min(...sizes)).toBeGreaterThan(0);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('come back last in the order in which they were given back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.boolean(), { maxLength: 100 }), (size, steps) => {
        const ports = new EgressPorts({ low: 100, high: 99 + size });
        const free = Array.from({ length: size }, (_, index) => 100 + index);
        const taken: number[] = [];
        for (const take of steps) {
          if (take) {
            const port = ports.take();
            expect(port).toBe(free.shift() ?? -1);
            if (port >= 0) taken.push(port);
          } else {
            const port = taken.shift();
            if (port === undefined) continue;
            ports.giveBack(port);
            free.push(port);
          }
          expect(ports.free).toBe(free.length);
        }
      }),
    );
  });
});
