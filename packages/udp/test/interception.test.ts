import { writeFileSync } from 'node:fs';
import { hasIpv6, UdpError } from '@lightspeed/udp';
import { UNSPECIFIED_IPV6 } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import type { TestNamespace } from './support/namespace.ts';
import { enterNamespace, namespaceObstacle } from './support/namespace.ts';
import { withoutNetworkRights } from './support/rights.ts';
import { handleOf, LOOPBACK, play, testEngine } from './support/scenario.ts';

const obstacle = namespaceObstacle('nft') || (hasIpv6() ? false : 'this system has no IPv6');

const MARK = 0x51;
/** What our own sockets send carries this one, so that it is not caught again. */
const OWN_MARK = 0x52;
const PORT = 7_000;

const FAMILIES = [
  { family: 'IPv4', client: '10.9.0.9', servers: ['198.51.100.7', '203.0.113.8'], wildcard: 0, ip: ['-4'], all: '0.0.0.0/0', tproxy: 'ip' },
  {
    family: 'IPv6',
    client: '2001:db8:9::9',
    servers: ['2001:db8:51::7', '2001:db8:52::8'],
    wildcard: UNSPECIFIED_IPV6,
    ip: ['-6'],
    all: '::/0',
    tproxy: 'ip6',
  },
] as const;

/** Has what programs of this namespace send to UDP port 27015 come to a socket on `PORT`, and counts what carries our own mark. */
function intercept(namespace: TestNamespace, { client, ip, all, tproxy }: (typeof FAMILIES)[number]): void {
  namespace.run('ip', 'addr', 'add', client, 'dev', 'lo', 'nodad');
  namespace.run('ip', ...ip, 'route', 'add', 'default', 'dev', 'lo', 'src', client);
  namespace.run('ip', ...ip, 'rule', 'add', 'fwmark', String(MARK), 'lookup', '100');
  namespace.run('ip', ...ip, 'route', 'add', 'local', all, 'dev', 'lo', 'table', '100');
  // Answers of "servers" come from addresses that are not ours, by the loopback interface.
  if (tproxy === 'ip') {
    for (const name of ['all', 'lo']) {
      writeFileSync(`/proc/sys/net/ipv4/conf/${name}/rp_filter`, '0');
      writeFileSync(`/proc/sys/net/ipv4/conf/${name}/accept_local`, '1');
    }
  }
  namespace.run(
    'nft',
    `table inet test {
      counter own { }
      chain output {
        type route hook output priority mangle;
        meta mark ${OWN_MARK} counter name own accept
        udp dport 27015 meta mark set ${MARK}
      }
      chain prerouting {
        type filter hook prerouting priority mangle;
        meta nfproto ${tproxy === 'ip' ? 'ipv4' : 'ipv6'} meta mark ${MARK} meta l4proto udp tproxy ${tproxy} to :${PORT}
      }
    }`,
  );
}

describe.skipIf(obstacle)(`interception${obstacle === false ? '' : ` (skipped: ${obstacle})`}`, () => {
  it.each(FAMILIES)('tells where a datagram of $family was sent to, and answers from there', async (scene) => {
    using namespace = enterNamespace();
    intercept(namespace, scene);
    using engine = testEngine('batch');
    const { addresses } = engine;
    const catcher = await engine.open({ ip: scene.wildcard, port: PORT, transparent: true, originalDestinations: true });
    const servers = scene.servers.map((text) => handleOf(engine, text));
    const speakers = await Promise.all(servers.map((ip) => engine.open({ ip, port: 27_015, transparent: true, mark: OWN_MARK })));
    // A game: it hears only from the server that it speaks to.
    const games = await Promise.all(
      servers.map((ip) => engine.open({ ip: handleOf(engine, scene.client), port: 0, connect: { ip, port: 27_015 } })),
    );
    const heard = games.map(() => 0);
    const { start } = engine.arena.reserve;
    await play(engine, {
      start() {
        for (const game of games) for (let i = 0; i < 3; i++) engine.send(game, start, 20 + i, 0, 0);
      },
      arrived({ socket, offset, payload, ip, port, local, localPort }) {
        const game = games.indexOf(socket);
        if (game >= 0) {
          heard[game]++;
          return;
        }
        expect(socket).toBe(catcher);
        expect(addresses.format(ip)).toBe(scene.client);
        expect(localPort).toBe(27_015);
        const server = servers.indexOf(local);
        expect(server).toBeGreaterThanOrEqual(0);
        engine.send(speakers[server], offset, payload.length, ip, port);
      },
      done: () => heard.every((number) => number === 3),
    });
    // Each is longer than the one before, so none travel as one.
    expect(namespace.run('nft', 'list', 'counter', 'inet', 'test', 'own')).toContain('packets 6 ');
  });

  it('of both families comes to one dual-stack socket', async () => {
    using namespace = enterNamespace();
    const [ipv4, ipv6] = FAMILIES;
    intercept(namespace, ipv4);
    namespace.run('nft', 'delete', 'table', 'inet', 'test');
    intercept(namespace, ipv6);
    namespace.run('nft', `add rule inet test prerouting meta nfproto ipv4 meta mark ${MARK} meta l4proto udp tproxy ip to :${PORT}`);
    using engine = testEngine('batch');
    await engine.open({
      ip: UNSPECIFIED_IPV6,
      dualStack: true,
      port: PORT,
      transparent: true,
      originalDestinations: true,
      localAddresses: true,
    });
    const game = await engine.open({ ip: UNSPECIFIED_IPV6, dualStack: true, port: 0 });
    const told = new Set<string>();
    await play(engine, {
      start() {
        for (const { servers } of FAMILIES) {
          for (const server of servers) engine.send(game, engine.arena.reserve.start, 20, handleOf(engine, server), 27_015);
        }
      },
      arrived: ({ local, localPort }) => told.add(engine.addresses.formatEndpoint(local, localPort)),
      done: () => told.size === 4,
    });
    expect([...told].sort()).toEqual(['198.51.100.7:27015', '203.0.113.8:27015', '[2001:db8:51::7]:27015', '[2001:db8:52::8]:27015']);
  });
});

it.skipIf(process.platform !== 'linux')('takes rights, and the error says which', async () => {
  await withoutNetworkRights(async () => {
    using engine = testEngine('batch');
    for (const wish of [{ transparent: true }, { mark: MARK }]) {
      const opening = engine.open({ ip: LOOPBACK, port: 0, ...wish });
      await expect(opening).rejects.toThrow('EPERM (transparent and mark need CAP_NET_ADMIN or CAP_NET_RAW)');
      await expect(opening).rejects.toMatchObject({ code: 'ERR_UDP_OPEN', errno: 'EPERM' });
    }
    expect(engine.counters.get('open_failed')).toBe(2);
    // Original destinations alone take none.
    await engine.open({ ip: LOOPBACK, port: 0, originalDestinations: true });
  });
});

it.each(['originalDestinations', 'transparent', 'mark'] as const)('%s is not for the portable engine, which says so', async (name) => {
  using engine = testEngine('portable');
  const opening = engine.open({ ip: LOOPBACK, port: 0, [name]: name === 'mark' ? 1 : true });
  await expect(opening).rejects.toThrow(`${name} is not supported by the portable engine`);
  await expect(opening).rejects.toBeInstanceOf(UdpError);
});
