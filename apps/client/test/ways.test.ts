import { once } from 'node:events';
import type { WayStats } from '@lightspeed/client';
import { LocalFlow } from '@lightspeed/session';
import { parseIpv4 } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { parseWayRules } from '../src/settings/way-settings.ts';
import { RulePolicy, WAY_DIRECT, WAY_NODE_IN_USE } from '../src/way/way-policy.ts';
import { ControlNode } from './support/control-node.ts';
import { EchoServer, Peer, until } from './support/game.ts';
import { echoed, echoedOnce, egressPorts } from './support/play.ts';
import { ENGINES, registeredTunnel } from './support/tunnel.ts';
import type { TestTunnel } from './support/tunnel.ts';

const ROUNDS = 30;

function by(tunnel: TestTunnel, name: string): WayStats | undefined {
  return tunnel.stats().ways.find((way) => way.name === name);
}

describe.each(ENGINES)('a client over the %s engine', (io) => {
  it('carries three flows by three ways, and when a node dies the other two lose nothing and none changes its way', async () => {
    await using a = await ControlNode.start();
    await using b = await ControlNode.start();
    using servers = new DisposableStack();
    const [byA, byB, direct] = await Promise.all(['', '', ''].map(async (name) => servers.use(await EchoServer.named(name))));
    await using tunnel = await registeredTunnel([a, b], [byA.address, byB.address, direct.address], {
      io,
      keepaliveMs: 100,
      fecGroupSize: 0,
      ways: [
        { servers: '127.0.0.1', port: byA.address.port, way: a.name },
        { servers: '127.0.0.0/8', port: byB.address.port, way: b.name },
        { servers: '127.0.0.1', port: direct.address.port, way: 'direct' },
      ],
    });
    await tunnel.established(5_000);
    await until(() => tunnel.nodes.every(({ up }) => up), 'both nodes');
    const [toA, toB, toDirect] = tunnel.ingresses.map(({ listen }) => listen);
    using program = await Peer.start();
    for (let round = 0; round < ROUNDS; round++) {
      await echoedOnce(program, `a ${round}`, toA);
      await echoedOnce(program, `b ${round}`, toB);
      await echoedOnce(program, `direct ${round}`, toDirect);
    }

    await b.data.kill();
    await until(() => !tunnel.nodes[1].up, 'the loss of the node to be noticed');
    program.send('b lost', toB);
    for (let round = ROUNDS; round < 2 * ROUNDS; round++) {
      await echoedOnce(program, `a ${round}`, toA);
      await echoedOnce(program, `direct ${round}`, toDirect);
    }

    const datagrams = (count: number) => ({ upPackets: count, downPackets: count, flows: 1 });
    await until(() => by(tunnel, b.name)?.upPackets === ROUNDS + 1, 'the counters');
    tunnel.countFlows();
    const [counts] = (await once(tunnel, 'flowCounts')) as [readonly { port: number; up: number; down: number }[]];
    const countOf = ({ address }: EchoServer) => counts.find(({ port }) => port === address.port);
    expect(countOf(byA)).toMatchObject({ up: 2 * ROUNDS, down: 2 * ROUNDS, isPartly: false });
    expect(countOf(direct)).toMatchObject({ up: 2 * ROUNDS, down: 2 * ROUNDS, isPartly: false });
    expect(countOf(byB)).toMatchObject({ up: ROUNDS + 1, down: ROUNDS });
    expect(by(tunnel, a.name)).toMatchObject(datagrams(2 * ROUNDS));
    expect(by(tunnel, 'direct')).toMatchObject(datagrams(2 * ROUNDS));
    expect(by(tunnel, b.name)).toMatchObject({ upPackets: ROUNDS + 1, downPackets: ROUNDS, flows: 1 });
    expect([byA, byB, direct].map(egressPorts)).toEqual([1, 1, 1]);
    expect([byA, byB, direct].map(({ received }) => received.length)).toEqual([2 * ROUNDS, ROUNDS, 2 * ROUNDS]);
    expect(a.data.count('dataPackets')).toBe(2 * ROUNDS);
  });

  it('goes by the node in use where no rule says otherwise, and along when that is lost', async () => {
    await using a = await ControlNode.start();
    await using b = await ControlNode.start();
    using server = await EchoServer.named('');
    await using tunnel = await registeredTunnel([a, b], [server.address], {
      io,
      keepaliveMs: 100,
      ways: [{ servers: '192.0.2.0/24', way: 'direct' }],
    });
    await tunnel.established(5_000);
    await until(() => tunnel.nodes.every(({ up }) => up), 'both nodes');
    using program = await Peer.start();
    await echoedOnce(program, 'before', tunnel.ingresses[0].listen);
    const used = tunnel.nodes[0].used ? a : b;
    await used.data.kill();
    await echoed(program, 'after', tunnel.ingresses[0].listen);
    expect(
      tunnel
        .stats()
        .ways.map(({ name }) => name)
        .toSorted(),
    ).toEqual([a.name, b.name].toSorted());
  });

  it('hears on a direct flow’s socket nobody but the game server, and no program but the flow’s own gets the answers', async () => {
    await using node = await ControlNode.start();
    using server = await EchoServer.named('');
    using stranger = await Peer.start();
    await using tunnel = await registeredTunnel([node], [server.address], { io, ways: [{ servers: '0.0.0.0/0', way: 'direct' }] });
    using one = await Peer.start();
    using two = await Peer.start();
    await echoedOnce(one, 'one', tunnel.ingresses[0].listen);
    await echoedOnce(two, 'two', tunnel.ingresses[0].listen);
    const [first] = server.received;
    stranger.send('forged', { ip: server.address.ip, port: first.from.port });
    await until(() => tunnel.stats().localDrops.direct_source === 1, 'the drop');
    await echoedOnce(one, 'again', tunnel.ingresses[0].listen);
    expect([one.texts, two.texts]).toEqual([['one', 'again'], ['two']]);
    expect(by(tunnel, 'direct')).toMatchObject({ upPackets: 3, downPackets: 3, flows: 2 });
  });
});

describe('the rules for ways', () => {
  const flowTo = (server: string, port: number) => new LocalFlow(0, 1, 1, parseIpv4(server) ?? 0, port);
  const rulesOf = (...rules: Parameters<typeof parseWayRules>[0]) => {
    const parsed = parseWayRules(rules, ['a:4433']);
    return new RulePolicy(parsed.map(({ node, ...rule }) => ({ ...rule, way: node === undefined ? WAY_DIRECT : 0 })));
  };

  it('decide by prefix and port, the first one that fits', () => {
    const policy = rulesOf(
      { servers: '203.0.113.9', port: 27_015, way: 'a:4433' },
      { servers: '203.0.113.0/24', way: 'direct' },
      { servers: '0.0.0.0/0', port: 53, way: 'direct' },
    );
    expect(policy.decide(flowTo('203.0.113.9', 27_015))).toBe(0);
    expect(policy.decide(flowTo('203.0.113.9', 27_016))).toBe(WAY_DIRECT);
    expect(policy.decide(flowTo('203.0.113.255', 1))).toBe(WAY_DIRECT);
    expect(policy.decide(flowTo('203.0.114.0', 1))).toBe(WAY_NODE_IN_USE);
    expect(policy.decide(flowTo('198.51.100.1', 53))).toBe(WAY_DIRECT);
  });

  it('are checked', () => {
    expect(() => rulesOf({ servers: '203.0.113.0/33', way: 'direct' })).toThrow('ways[0].servers');
    expect(() => rulesOf({ servers: '2001:db8::/32', way: 'direct' })).toThrow('ways[0].servers');
    expect(() => rulesOf({ servers: '203.0.113.9', port: 65_536, way: 'direct' })).toThrow(
      'ways[0].port must be a whole number from 1 to 65535, got 65536',
    );
    expect(() => rulesOf({ servers: '203.0.113.9', way: 'b:4433' })).toThrow('ways[0].way is b:4433; allowed: direct, a:4433');
    expect(() => rulesOf(...Array.from({ length: 257 }, () => ({ servers: '1.1.1.1', way: 'direct' })))).toThrow(
      'the number of ways must be a whole number from 0 to 256, got 257',
    );
  });
});
