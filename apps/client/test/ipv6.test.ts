import { once } from 'node:events';
import { dataAddressExtension, dataAddressV6Extension } from '@lightspeed/control';
import { FLAG_HANDSHAKE, isIpv6, readFlags } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { ControlNode } from './support/control-node.ts';
import { EchoServer, Peer, until } from './support/game.ts';
import { echoed, echoedOnce, egressPorts, play } from './support/play.ts';
import { LOOPBACK, TestNode } from './support/test-node.ts';
import { ENGINES, registeredTunnel, tunnelTo } from './support/tunnel.ts';

/** A node whose control plane is reached by IPv6, and its data plane by both families, which it says. */
async function dualNode(): Promise<ControlNode> {
  const node = await ControlNode.start({}, undefined, { control: '::1', data: '::' });
  const { port } = node.data.address;
  node.behaviour.dataAddresses = [dataAddressExtension.encode({ ip: LOOPBACK, port }), dataAddressV6Extension.encode({ host: '::', port })];
  return node;
}

describe.each(ENGINES)('a tunnel over the %s engine', (io) => {
  it('registers and plays over IPv6', async () => {
    await using node = await ControlNode.start({}, undefined, { control: '::1', data: '::1' });
    node.behaviour.dataAddresses = [dataAddressV6Extension.encode({ host: '::', port: node.data.address.port })];
    using server = await EchoServer.named('');
    await using tunnel = await registeredTunnel([node], [server.address], { io });
    await tunnel.established(5_000);
    using program = await play(5, tunnel.ingresses[0].listen);
    expect(program.texts).toHaveLength(5);
    expect(tunnel.node).toEqual({ host: '::1', port: node.data.address.port });
    expect(tunnel.nodes[0]).toMatchObject({ name: `[::1]:${node.port}`, session: { observed: { host: '::1' } } });
  });

  it('registers over IPv6 and plays over IPv4, by proof', async () => {
    await using node = await ControlNode.start({}, undefined, { control: '::1', data: '127.0.0.1' });
    node.behaviour.dataAddresses = [dataAddressExtension.encode({ ip: LOOPBACK, port: node.data.address.port })];
    using server = await EchoServer.named('');
    await using tunnel = await registeredTunnel([node], [server.address], { io });
    await tunnel.established(5_000);
    using program = await play(5, tunnel.ingresses[0].listen);
    expect(program.texts).toHaveLength(5);
    expect(tunnel.node).toEqual({ host: '127.0.0.1', port: node.data.address.port });
  });

  it('moves a path from IPv4 to IPv6 and back, and the game server notices nothing', async () => {
    await using node = await dualNode();
    using server = await EchoServer.named('');
    await using tunnel = await registeredTunnel([node], [server.address], { io, source: '127.0.0.1' });
    await tunnel.established(5_000);
    const [{ listen }] = tunnel.ingresses;
    using program = await play(3, listen);
    for (const local of ['::1', '127.0.0.1', '::1']) {
      const rebound = once(tunnel, 'rebound');
      tunnel.rebind(0, local);
      expect((await rebound)[1] as SocketAddress).toMatchObject({ host: local });
      const moves = node.data.count('pathsMoved');
      await echoed(program, `from ${local}, ${moves}`, listen);
    }
    expect([egressPorts(server), node.data.count('sessionsOpened')]).toEqual([1, 1]);
    expect(node.data.count('pathsMoved')).toBe(3);
  });

  it('has a path of each family, and goes on by either when the other is lost', async () => {
    await using node = await dualNode();
    using server = await EchoServer.named('');
    await using tunnel = await registeredTunnel([node], [server.address], {
      io,
      source: '127.0.0.1',
      paths: ['::1'],
      multipath: 'duplicate',
      fecGroupSize: 0,
      keepaliveMs: 250,
      maxKeepaliveMisses: 10,
    });
    await tunnel.established(5_000);
    await until(() => tunnel.stats().paths.every(({ up }) => up), 'both paths');
    await until(() => node.data.validated.size === 2, 'both paths at the node');
    const [{ listen }] = tunnel.ingresses;
    using program = await Peer.start();
    for (const lost of [false, true]) {
      node.data.faults.dropFromClient = (_packet, ip) => isIpv6(ip) === lost;
      node.data.faults.dropToClient = (_packet, ip) => isIpv6(ip) === lost;
      for (let round = 0; round < 10; round++) await echoedOnce(program, `${lost} ${round}`, listen);
      node.data.faults.dropFromClient = undefined;
      node.data.faults.dropToClient = undefined;
      await until(() => tunnel.stats().paths.every(({ up }) => up), 'both paths again');
    }
    expect(egressPorts(server)).toBe(1);
    expect(tunnel.stats().paths.map(({ local }) => local.host)).toEqual(['127.0.0.1', '::1']);
  });

  it('goes by the other family when the data plane does not answer by the first', async () => {
    await using node = await dualNode();
    node.data.faults.dropFromClient = (_packet, ip) => isIpv6(ip);
    using server = await EchoServer.named('');
    await using tunnel = await registeredTunnel([node], [server.address], { io });
    await tunnel.established(5_000);
    using program = await play(3, tunnel.ingresses[0].listen);
    expect(program.texts).toHaveLength(3);
    expect(node.data.count('sessionsOpened')).toBe(1);
  });

  it('turns to the other family at once when a path goes down', async () => {
    await using node = await dualNode();
    using server = await EchoServer.named('');
    await using tunnel = await registeredTunnel([node], [server.address], { io, keepaliveMs: 250 });
    await tunnel.established(5_000);
    using program = await play(1, tunnel.ingresses[0].listen);
    await until(() => node.data.validated.size > 0, 'the end of all HANDSHAKEs by IPv6');
    let handshakes = 0;
    node.data.faults.dropFromClient = (packet, ip) => {
      if (isIpv6(ip) && (readFlags(packet, 0) & FLAG_HANDSHAKE) !== 0) handshakes++;
      return isIpv6(ip);
    };
    const changes: boolean[] = [];
    tunnel.on('path', (_path: number, up: boolean) => changes.push(up));
    await until(() => changes.length === 2, 'the path down and up');
    await echoed(program, 'again', tunnel.ingresses[0].listen);
    expect([changes, handshakes]).toEqual([[false, true], 0]);
  });

  it('keeps to the family that answers when a path gets another socket', async () => {
    await using node = await dualNode();
    let tries = 0;
    node.data.faults.dropFromClient = (_packet, ip) => {
      if (!isIpv6(ip)) return false;
      tries++;
      return true;
    };
    using server = await EchoServer.named('');
    await using tunnel = await registeredTunnel([node], [server.address], { io });
    await tunnel.established(5_000);
    using program = await play(1, tunnel.ingresses[0].listen);
    const before = tries;
    const rebound = once(tunnel, 'rebound');
    tunnel.rebind(0);
    await rebound;
    await echoed(program, 'again', tunnel.ingresses[0].listen);
    expect([before > 0, tries - before]).toEqual([true, 0]);
  });

  it('plays by an open node at an IPv6 address', async () => {
    await using node = await TestNode.start({}, 0, '::1');
    using server = await EchoServer.named('');
    await using tunnel = await tunnelTo(node, [server.address], { io, node: { host: '::1', port: node.address.port } });
    await tunnel.established(5_000);
    using program = await play(3, tunnel.ingresses[0].listen);
    expect(program.texts).toHaveLength(3);
  });
});

describe('a node of the wrong family', () => {
  it('is an error that says so: for a source, for a path, and for one through another node', async () => {
    await using ipv4 = await ControlNode.start();
    await using ipv6 = await ControlNode.start({}, undefined, { control: '::1', data: '::1' });
    ipv6.behaviour.dataAddresses = [dataAddressV6Extension.encode({ host: '::', port: ipv6.data.address.port })];
    const refusals = [
      [() => registeredTunnel([ipv4], [], { source: '::1' }), 'the node has no IPv6 address to which ::1 could send'],
      [() => registeredTunnel([ipv6], [], { paths: ['127.0.0.1'] }), 'the node has no IPv4 address to which 127.0.0.1 could send'],
      [() => registeredTunnel([ipv6], [], { register: { via: ipv4.settings } }), 'IPv6 addresses only, and a packet through another node'],
    ] as const;
    for (const [refusal, says] of refusals) {
      const thrown = await refusal().catch((error: unknown) => error);
      expect(thrown).toMatchObject({ code: 'ERR_CLIENT_NOT_REGISTERED', message: expect.stringContaining(says) as string });
    }
  });

  it('keeps a path from moving there', async () => {
    await using node = await ControlNode.start();
    await using tunnel = await registeredTunnel([node], []);
    await tunnel.established(5_000);
    const refused = once(tunnel, 'notRebound');
    tunnel.rebind(0, '::1');
    expect(await refused).toEqual([0, 'the node has no IPv6 address']);
  });
});
