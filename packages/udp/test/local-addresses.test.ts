import type { DatagramSocket, SocketOptions } from '@lightspeed/udp';
import { hasIpv6 } from '@lightspeed/udp';
import { UNSPECIFIED_IPV6 } from '@lightspeed/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestNamespace } from './support/namespace.ts';
import { enterNamespace, namespaceObstacle } from './support/namespace.ts';
import type { TestEngine } from './support/scenario.ts';
import { ENGINES, handleOf, LOOPBACK, pattern, play, testEngine } from './support/scenario.ts';

const obstacle = namespaceObstacle() || (hasIpv6() ? false : 'this system has no IPv6');

const CLIENT = '10.9.0.9';
const CLIENT_IPV6 = '2001:db8:9::9';
const SERVER = ['10.9.0.1', '10.9.0.2', '10.9.0.3'];
const SERVER_IPV6 = ['2001:db8:9::1', '2001:db8:9::2'];

const WILDCARDS: readonly { name: string; options: SocketOptions; servers: readonly string[] }[] = [
  { name: 'every IPv4 address', options: { ip: 0, port: 0 }, servers: SERVER },
  { name: 'every IPv6 address', options: { ip: UNSPECIFIED_IPV6, port: 0 }, servers: SERVER_IPV6 },
  {
    name: 'every address of both families',
    options: { ip: UNSPECIFIED_IPV6, port: 0, dualStack: true },
    servers: [...SERVER, ...SERVER_IPV6],
  },
];

/** A client that hears one server address only, as a game would. */
function openClient(engine: TestEngine, server: string, port: number): Promise<DatagramSocket> {
  const ip = handleOf(engine, server.includes(':') ? CLIENT_IPV6 : CLIENT);
  return engine.open({ ip, port: 0, connect: { ip: handleOf(engine, server), port } });
}

describe.skipIf(obstacle)(`a socket on all addresses${obstacle === false ? '' : ` (skipped: ${obstacle})`}`, () => {
  let namespace: TestNamespace;

  beforeAll(() => {
    namespace = enterNamespace();
    for (const address of [CLIENT, ...SERVER]) namespace.run('ip', 'addr', 'add', `${address}/32`, 'dev', 'lo');
    for (const address of [CLIENT_IPV6, ...SERVER_IPV6]) namespace.run('ip', 'addr', 'add', `${address}/128`, 'dev', 'lo', 'nodad');
  });

  afterAll(() => namespace[Symbol.dispose]());

  describe.each(ENGINES)('of the %s engine', (kind) => {
    it.each(WILDCARDS)('($name) tells where datagrams were sent to, and answers from there', async ({ options, servers }) => {
      using engine = testEngine(kind);
      const server = await engine.open({ ...options, localAddresses: true });
      const clients = await Promise.all(servers.map((address) => openClient(engine, address, server.localPort)));
      const wanted = servers.map((address) => handleOf(engine, address));
      const { start } = engine.arena.reserve;
      // One datagram alone, then so many that they are received and answered in batches and runs.
      const counts = [1, 20];
      for (const count of counts) {
        const heard = clients.map(() => 0);
        await play(engine, {
          start() {
            for (const client of clients) {
              for (let i = 0; i < count; i++) {
                engine.arena.bytes.set(pattern(50, i), start + i * 50);
                engine.send(client, start + i * 50, 50, 0, 0);
              }
            }
          },
          arrived({ socket, offset, payload, ip, port, local, localPort }) {
            const client = clients.indexOf(socket);
            if (client >= 0) {
              expect(payload).toEqual(pattern(50, heard[client]++));
              expect(local).toBe(0);
              return;
            }
            expect(wanted).toContain(local);
            expect(localPort).toBe(0);
            engine.send(server, offset, payload.length, ip, port, local);
          },
          done: () => heard.every((number) => number === count),
        });
      }
      expect(engine.counters.get('send_failed')).toBe(0);
    });

    it('lets the system choose where nothing is said', async () => {
      using engine = testEngine(kind);
      const server = await engine.open({ ip: UNSPECIFIED_IPV6, port: 0, dualStack: true, localAddresses: true });
      const clients = [await engine.open({ ip: LOOPBACK, port: 0 }), await engine.open({ ip: handleOf(engine, '::1'), port: 0 })];
      const heard: string[] = [];
      await play(engine, {
        start() {
          for (const client of clients) engine.send(server, engine.arena.reserve.start, 10, client.localIp, client.localPort);
        },
        arrived: ({ ip }) => heard.push(engine.addresses.format(ip)),
        done: () => heard.length === 2,
      });
      expect(heard.sort()).toEqual(['127.0.0.1', '::1']);
    });

    it('counts what it is to send from an address that is not its own, and goes on', async () => {
      using engine = testEngine(kind);
      const server = await engine.open({ ip: 0, port: 0, localAddresses: true });
      const client = await engine.open({ ip: handleOf(engine, CLIENT), port: 0 });
      const foreign = handleOf(engine, '192.0.2.1');
      const own = handleOf(engine, SERVER[1]);
      const senders: number[] = [];
      await play(engine, {
        start() {
          for (let i = 0; i < 4; i++) engine.send(server, engine.arena.reserve.start, 10, client.localIp, client.localPort, foreign);
          for (let i = 0; i < 4; i++) engine.send(server, engine.arena.reserve.start, 10, client.localIp, client.localPort, own);
        },
        arrived: ({ ip }) => senders.push(ip),
        done: () => senders.length === 4 && engine.counters.get('send_failed') === 4,
      });
      expect(senders).toEqual([own, own, own, own]);
      expect(engine.counters.get('segmented_sends_refused')).toBe(0);
    });

    it('does not tell what is not asked for, nor what is known', async () => {
      using engine = testEngine(kind);
      const told: number[] = [];
      const [first, second] = SERVER.map((address) => handleOf(engine, address));
      const silent = await engine.open({ ip: 0, port: 0 });
      const bound = await engine.open({ ip: first, port: 0, localAddresses: true });
      const telling = await engine.open({ ip: 0, port: 0, localAddresses: true });
      const client = await engine.open({ ip: handleOf(engine, CLIENT), port: 0 });
      // What one socket tells must not show in the datagrams of the next.
      const steps: [DatagramSocket, number][] = [
        [telling, second],
        [silent, second],
        [bound, first],
        [telling, first],
      ];
      for (const [socket, to] of steps) {
        const before = told.length;
        await play(engine, {
          start: () => engine.send(client, engine.arena.reserve.start, 10, to, socket.localPort),
          arrived: ({ local }) => told.push(local),
          done: () => told.length > before,
        });
      }
      expect(told).toEqual([second, 0, 0, first]);
    });

    it('hears addresses that are new, and goes on without those that are gone', async () => {
      using engine = testEngine(kind);
      const server = await engine.open({ ip: UNSPECIFIED_IPV6, port: 0, dualStack: true, localAddresses: true });
      const client = await engine.open({ ip: UNSPECIFIED_IPV6, port: 0, dualStack: true });
      const late = ['10.9.0.77', '2001:db8:9::77'];
      namespace.run('ip', 'addr', 'add', `${late[0]}/32`, 'dev', 'lo');
      namespace.run('ip', 'addr', 'add', `${late[1]}/128`, 'dev', 'lo', 'nodad');
      const told = new Set<string>();
      await play(engine, {
        onTick() {
          for (const address of late) engine.send(client, engine.arena.reserve.start, 10, handleOf(engine, address), server.localPort);
        },
        arrived({ local }) {
          told.add(engine.addresses.format(local));
        },
        done: () => told.size === late.length,
      });
      expect(told).toEqual(new Set(late));
      namespace.run('ip', 'addr', 'del', `${late[0]}/32`, 'dev', 'lo');
      namespace.run('ip', 'addr', 'del', `${late[1]}/128`, 'dev', 'lo');
      const stays = handleOf(engine, SERVER[0]);
      const gone = handleOf(engine, late[0]);
      const senders = new Set<number>();
      await play(engine, {
        onTick() {
          engine.send(server, engine.arena.reserve.start, 10, stays, client.localPort, gone);
          engine.send(server, engine.arena.reserve.start, 10, stays, client.localPort, stays);
        },
        arrived({ ip }) {
          senders.add(ip);
        },
        done: () => senders.has(stays) && engine.counters.get('send_failed') > 0,
      });
      expect(senders).not.toContain(gone);
    });
  });
});
