import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { watchLocalAddresses } from '../src/run/local-addresses.ts';
import { formatIpv4 } from '@lightspeed/wire';
import { ControlNode } from './support/control-node.ts';
import { EchoServer, until } from './support/game.ts';
import { echoed, echoedOnce, egressPorts, play } from './support/play.ts';
import { TestNode } from './support/test-node.ts';
import { ENGINES, registeredTunnel, tunnelTo } from './support/tunnel.ts';

const SECOND = '127.0.0.2';
const THIRD = '127.0.0.3';

describe.each(ENGINES)('a session over the %s engine', (io) => {
  it('moves to another local address, and the game server notices nothing', async () => {
    await using node = await ControlNode.start();
    using server = await EchoServer.named('');
    await using tunnel = await registeredTunnel([node], [server.address], { io });
    await tunnel.established(5_000);
    const [ingress] = tunnel.ingresses;
    using program = await play(3, ingress.listen);
    const before = tunnel.localPort;

    const rebound = once(tunnel, 'rebound');
    tunnel.rebind(0, SECOND);
    const [path, local] = (await rebound) as [number, { host: string; port: number }];
    await echoed(program, 'moved', ingress.listen);

    expect([path, local.host, local.port]).toEqual([0, SECOND, tunnel.localPort]);
    expect(local.port).not.toBe(before);
    expect(egressPorts(server)).toBe(1);
    expect(node.data.count('pathsMoved')).toBe(1);
    expect(node.data.count('sessionsOpened')).toBe(1);
    expect(tunnel.stats().state).toBe('established');
  });

  it('keeps its socket when the other address is not this machine’s', async () => {
    await using node = await ControlNode.start();
    using server = await EchoServer.named('');
    await using tunnel = await registeredTunnel([node], [server.address], { io });
    await tunnel.established(5_000);
    const refused = once(tunnel, 'notRebound');
    tunnel.rebind(0, '198.51.100.1');
    expect(await refused).toEqual([0, expect.stringContaining('(EADDRNOTAVAIL)')]);
    using program = await play(1, tunnel.ingresses[0].listen);
    expect(program.texts).toEqual(['0']);
    expect(() => tunnel.rebind(1)).toThrow('there is no path 1; allowed: 0 to 0');
  });

  it('has two paths, each with its numbers, and goes on by either when the other is lost', async () => {
    await using node = await ControlNode.start();
    using server = await EchoServer.named('');
    await using tunnel = await registeredTunnel([node], [server.address], {
      io,
      source: SECOND,
      paths: [THIRD],
      multipath: 'duplicate',
      fecGroupSize: 0,
      // So many that the path that works does not count as lost when the machine is busy for a while.
      keepaliveMs: 250,
      maxKeepaliveMisses: 10,
    });
    await tunnel.established(5_000);
    await until(() => tunnel.stats().paths.every(({ up }) => up), 'both paths');
    await until(() => node.data.validated.size === 2, 'both paths at the node');
    const [{ listen }] = tunnel.ingresses;
    using program = await play(20, listen);
    for (const lost of [SECOND, THIRD]) {
      node.data.faults.dropFromClient = (_packet, ip) => formatIpv4(ip) === lost;
      node.data.faults.dropToClient = (_packet, ip) => formatIpv4(ip) === lost;
      // Each once: nothing is lost with one path.
      for (let round = 0; round < 10; round++) await echoedOnce(program, `${lost} ${round}`, listen);
      await until(() => tunnel.stats().paths.some(({ up }) => !up), 'a path that is down');
      node.data.faults.dropFromClient = undefined;
      node.data.faults.dropToClient = undefined;
      await until(() => tunnel.stats().paths.every(({ up }) => up), 'both paths again');
    }
    expect(new Set(program.texts).size).toBe(program.texts.length);
    expect(egressPorts(server)).toBe(1);
    const { paths, counters } = tunnel.stats();
    expect(paths.map(({ local, via }) => [local.host, via])).toEqual([
      [SECOND, false],
      [THIRD, false],
    ]);
    expect(counters.timesLost).toBe(0);
    for (const path of paths) {
      expect(path.rttMs).toBeGreaterThan(0);
      expect(path.keepalivesSent).toBeGreaterThan(path.keepalivesAnswered);
      expect(path.share).toBeGreaterThan(0);
    }
  });

  it('has a path through another node, and goes on by it when the direct one is lost', async () => {
    await using node = await ControlNode.start();
    await using other = await ControlNode.start();
    using server = await EchoServer.named('');
    await using tunnel = await registeredTunnel([node], [server.address], {
      io,
      keepaliveMs: 50,
      register: { via: other.settings },
    });
    await tunnel.established(5_000);
    await until(() => tunnel.stats().paths.every(({ up }) => up), 'both paths');
    const [{ listen }] = tunnel.ingresses;
    using program = await play(5, listen);
    expect(other.data.count('dataPackets')).toBeGreaterThan(0);
    // What comes directly is lost; what the other node relays comes from another port.
    const direct = tunnel.localPort;
    node.data.faults.dropFromClient = (_packet, _ip, port) => port === direct;
    await until(() => tunnel.stats().paths[0].up === false, 'the direct path to be lost');
    for (let round = 0; round < 10; round++) await echoed(program, `via ${round}`, listen);
    expect(egressPorts(server)).toBe(1);
    const ups = () => tunnel.stats().paths.map(({ via, up }) => [via, up]);
    await expect.poll(ups).toEqual([
      [false, false],
      [true, true],
    ]);

    node.data.faults.dropFromClient = undefined;
    await until(() => tunnel.stats().paths[0].up, 'the direct path again');
    const news: string[] = [];
    tunnel.on('control', ({ name }, state) => news.push(`${name} ${state}`));
    other.forget();
    await until(() => news.includes(`${other.name} new-session`), 'another session with the other node');
    await until(() => tunnel.stats().paths.every(({ up }) => up), 'the path through it');
    await echoed(program, 'both', listen);
    expect(egressPorts(server)).toBe(1);
    await tunnel.close();
    await until(() => other.sessionIds.length === 0, 'the end of the other registration');
    expect(node.data.relay.sessionCount).toBe(0);
  });
});

describe('local addresses', () => {
  it('are looked at once a second, and a change is told once', () => {
    vi.useFakeTimers();
    try {
      let addresses = 'eth0 192.0.2.1';
      const changed = vi.fn();
      const end = watchLocalAddresses(changed, () => addresses);
      vi.advanceTimersByTime(3_000);
      expect(changed).not.toHaveBeenCalled();
      addresses = 'wlan0 198.51.100.1';
      vi.advanceTimersByTime(3_000);
      expect(changed).toHaveBeenCalledTimes(1);
      end();
      addresses = '';
      vi.advanceTimersByTime(3_000);
      expect(changed).toHaveBeenCalledTimes(1);
    } finally {
      vi.useRealTimers();
    }
  });
});

it('a session that was not registered cannot move', async () => {
  await using node = await TestNode.start();
  await using tunnel = await tunnelTo(node, []);
  await tunnel.established(5_000);
  expect(() => tunnel.rebind()).toThrow(expect.objectContaining({ code: 'ERR_CLIENT_NOT_REGISTERED' }));
});
