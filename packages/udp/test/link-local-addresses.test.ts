import { networkInterfaces } from 'node:os';
import { hasIpv6 } from '@lightspeed/udp';
import { UNSPECIFIED_IPV6 } from '@lightspeed/wire';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { TestNamespace } from './support/namespace.ts';
import { enterNamespace, namespaceObstacle } from './support/namespace.ts';
import { ENGINES, handleOf, play, testEngine } from './support/scenario.ts';

const obstacle = namespaceObstacle() || (hasIpv6() ? false : 'this system has no IPv6');

const LINKS = ['left', 'right'];

function scopeOf(link: string): number {
  return networkInterfaces()[link]?.find(({ family }) => family === 'IPv6')?.scopeid ?? 0;
}

describe.skipIf(obstacle)(`link-local addresses${obstacle === false ? '' : ` (skipped: ${obstacle})`}`, () => {
  let namespace: TestNamespace;

  beforeAll(async () => {
    namespace = enterNamespace();
    namespace.run('ip', 'link', 'add', 'left', 'type', 'veth', 'peer', 'name', 'right');
    for (const link of LINKS) {
      namespace.run('ip', 'link', 'set', link, 'up');
      namespace.run('ip', 'addr', 'add', 'fe80::1/64', 'dev', link, 'nodad');
    }
    // The kernel says a moment later that a link runs. Until then the system does not list it.
    await vi.waitFor(() => expect(LINKS.map(scopeOf)).not.toContain(0), { timeout: 10_000 });
  });

  afterAll(() => namespace[Symbol.dispose]());

  describe.each(ENGINES)('through the %s engine', (kind) => {
    it('are told apart by their link', async () => {
      using engine = testEngine(kind);
      const [left, right] = LINKS.map((link) => handleOf(engine, `fe80::1%${scopeOf(link)}`));
      expect(left).not.toBe(right);
      const servers = [await engine.open({ ip: left, port: 0 }), await engine.open({ ip: right, port: 0 })];
      expect(servers.map(({ localIp }) => localIp)).toEqual([left, right]);
      const client = await engine.open({ ip: UNSPECIFIED_IPV6, port: 0 });
      const heard = new Map<number, number>();
      const answered = new Set<number>();
      await play(engine, {
        start() {
          engine.send(client, engine.arena.reserve.start, 10, left, servers[0].localPort);
          engine.send(client, engine.arena.reserve.start, 10, right, servers[1].localPort);
        },
        arrived({ socket, offset, payload, ip, port }) {
          if (socket === client) {
            answered.add(ip);
            return;
          }
          heard.set(socket.localIp, ip);
          engine.send(socket, offset, payload.length, ip, port);
        },
        done: () => answered.size === 2,
      });
      expect(heard).toEqual(
        new Map([
          [left, left],
          [right, right],
        ]),
      );
      expect(answered).toEqual(new Set([left, right]));
    });

    it('are answered from by a socket on all addresses', async () => {
      using engine = testEngine(kind);
      const [left, right] = LINKS.map((link) => handleOf(engine, `fe80::1%${scopeOf(link)}`));
      const server = await engine.open({ ip: UNSPECIFIED_IPV6, port: 0, dualStack: true, localAddresses: true });
      const client = await engine.open({ ip: UNSPECIFIED_IPV6, port: 0 });
      const told = new Set<number>();
      const answered = new Set<number>();
      await play(engine, {
        start() {
          for (const to of [left, right]) engine.send(client, engine.arena.reserve.start, 10, to, server.localPort);
        },
        arrived({ socket, offset, payload, ip, port, local }) {
          if (socket === client) answered.add(ip);
          else {
            told.add(local);
            engine.send(server, offset, payload.length, ip, port, local);
          }
        },
        done: () => answered.size === 2,
      });
      expect(told).toEqual(new Set([left, right]));
      expect(answered).toEqual(told);
    });
  });
});
