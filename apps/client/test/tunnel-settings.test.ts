import { startTunnel } from '@lightspeed/client';
import type { RegisterSettings, TunnelSettings } from '@lightspeed/client';
import { describe, expect, it } from 'vitest';
import { Peer } from './support/game.ts';
import { LOOPBACK } from './support/test-node.ts';
import { ENGINES, socketAddress } from './support/tunnel.ts';

const NODE = { host: '127.0.0.1', port: 4434 };
const LISTEN = { ip: LOOPBACK, port: 4434 };
const GAME = { ip: 0xcb00_7109, port: 27_015 };

describe('startTunnel', () => {
  it.each<[string, Partial<TunnelSettings>, string]>([
    ['a group size of 33', { fecGroupSize: 33 }, 'fecGroupSize is 33; allowed: 0 (off) or a whole number from 1 to 32'],
    ['a group size of 1 in dialect reference', { fecGroupSize: 1, dialect: 'reference' }, 'from 2 to 16 in dialect reference'],
    [
      'repeats that come too late',
      { protect: { kind: 'repeat', agesMs: [5, 60] } },
      'protect is repeat:5,60; allowed: ages of at most 30 ms, which is the deadline (--deadline-ms)',
    ],
    [
      'repeats in dialect reference',
      { protect: { kind: 'repeat', agesMs: [5] }, dialect: 'reference' },
      'protect is repeat:5; allowed: auto, off or groups:K (2 to 16) in dialect reference',
    ],
    [
      'large groups in dialect reference',
      { protect: { kind: 'groups', size: 32 }, dialect: 'reference' },
      'protect is groups:32; allowed: auto, off or groups:K (2 to 16) in dialect reference',
    ],
    ['a token of 256', { token: 256 }, 'token must be a whole number from 0 to 255, got 256'],
    ['keepalives without pause', { keepaliveMs: 0 }, 'keepaliveMs must be a whole number from 50 to 240000, got 0'],
    ['no time for flows', { flowTimeoutSecs: 0 }, 'flowTimeoutSecs must be a whole number from 1 to 2147483, got 0'],
    [
      'any source without a registration',
      { egressFiltering: 'endpoint-independent' },
      'egressFiltering is endpoint-independent; allowed: that only with a registration in dialect standard, by which the node is asked for it',
    ],
    ['no misses', { maxKeepaliveMisses: 0 }, 'maxKeepaliveMisses must be a whole number from 1 to 1000000, got 0'],
    ['half a keepalive', { maxKeepalives: 0.5 }, 'maxKeepalives must be a whole number from 0 to 1000000, got 0.5'],
    ['a node without port', { node: { host: '127.0.0.1', port: 0 } }, 'node.port must be a whole number from 1 to 65535, got 0'],
    ['a game server without port', { ingresses: [{ listen: LISTEN, gameServer: { ip: 1, port: 0 } }] }, 'ingresses[0].gameServer'],
    ['a node that is every address', { node: { host: '::', port: 1 } }, 'node.host is "::"; allowed: the address of one machine'],
    [
      'a way to port 0',
      { ways: [{ servers: '192.0.2.1', port: 0, way: 'direct' }] },
      'ways[0].port must be a whole number from 1 to 65535',
    ],
    ['a way to IPv6', { ways: [{ servers: '::1', way: 'direct' }] }, 'ways[0].servers is "::1"; allowed: an IPv4 address or prefix, as'],
    [
      'a game server that is many machines',
      { ingresses: [{ listen: LISTEN, gameServer: { ip: 0xe000_0001, port: 9 } }] },
      'ingresses[0].gameServer is 224.0.0.1:9; allowed: the address of one machine, not a multicast one',
    ],
    ['a local address that is none', { source: 'eth0' }, 'source is "eth0"; allowed: an IPv4 or IPv6 address'],
  ])('refuses %s', async (_what, settings, message) => {
    const refusal = startTunnel({ node: NODE, ingresses: [], ...settings });
    await expect(refusal).rejects.toMatchObject({ name: 'ClientError', code: 'ERR_CLIENT_INVALID_SETTING' });
    await expect(refusal).rejects.toThrow(message);
  });

  it.each<[string, Partial<RegisterSettings>, Partial<TunnelSettings>, string]>([
    ['no node', { nodes: [] }, {}, 'register.nodes is 0; allowed: 1 to 64 nodes'],
    ['a node twice', { nodes: [{ host: 'a' }, { host: 'a', port: 4433 }] }, {}, 'allowed: each node once'],
    ['a host that is none', { nodes: [{ host: 'a:1' }] }, {}, 'register.nodes[0].host is "a:1"'],
    [
      'a control port of 0',
      { nodes: [{ host: 'a', port: 0 }] },
      {},
      'register.nodes[0].port must be a whole number from 1 to 65535, got 0',
    ],
    ['a way through the node itself', { via: { host: 'a' } }, {}, 'register.via is a:4433; allowed: a node that is not used'],
    ['a game of 256', { gameId: 256 }, {}, 'register.gameId must be a whole number from 0 to 255, got 256'],
    ['Pings without pause', { pingMs: 1 }, {}, 'register.pingMs must be a whole number from 50 to 600000, got 1'],
    ['a ticket in dialect reference', { ticket: new Uint8Array(1) }, { dialect: 'reference' }, 'register.ticket is given'],
    [
      'five paths',
      {},
      { paths: ['192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2'] },
      'the number of paths must be a whole number from 1 to 4, got 5',
    ],
    [
      'four paths and one through another node',
      { via: { host: 'b' } },
      { paths: ['192.0.2.1', '192.0.2.2', '192.0.2.3'] },
      'the number of paths must be a whole number from 1 to 4, got 5',
    ],
    [
      'rules that name five nodes',
      { nodes: ['a', 'b', 'c', 'd', 'e'].map((host) => ({ host })) },
      { ways: ['a', 'b', 'c', 'd', 'e'].map((host) => ({ servers: '192.0.2.1', way: `${host}:4433` })) },
      'the number of nodes in ways must be a whole number from 0 to 4, got 5',
    ],
    [
      'a game server that nobody is',
      {},
      { ingresses: [{ listen: LISTEN, gameServer: { ip: 0xf000_0001, port: 9 } }] },
      'not in 240.0.0.0/4',
    ],
    ['both ways to a node', {}, { node: NODE }, 'either `node` or `register`'],
  ])('refuses %s', async (_what, register, settings, message) => {
    const refusal = startTunnel({ register: { nodes: [{ host: 'a' }], ...register }, ingresses: [], ...settings });
    await expect(refusal).rejects.toMatchObject({ name: 'ClientError', code: 'ERR_CLIENT_INVALID_SETTING' });
    await expect(refusal).rejects.toThrow(message);
  });

  it('names the setting that is at fault', async () => {
    await expect(startTunnel({ node: NODE, token: 256 })).rejects.toMatchObject({ setting: 'token' });
    await expect(startTunnel({ node: NODE, source: 'eth0' })).rejects.toMatchObject({ setting: 'source' });
  });

  it('refuses no way to a node, and further paths without a registration', async () => {
    await expect(startTunnel({ ingresses: [] })).rejects.toThrow('either `node` or `register`');
    await expect(startTunnel({ node: NODE, paths: ['192.0.2.1'], ingresses: [] })).rejects.toThrow('further paths need a registration');
  });

  describe.each(ENGINES)('over the %s engine', (io) => {
    it('says which ingress another program has', async () => {
      using other = await Peer.start();
      const refusal = startTunnel({ node: NODE, io, ingresses: [{ listen: other.address, gameServer: GAME }] });
      await expect(refusal).rejects.toMatchObject({ code: 'ERR_CLIENT_OPEN' });
      await expect(refusal).rejects.toThrow(
        `cannot listen on 127.0.0.1:${other.address.port}: another program listens there (EADDRINUSE): end it, or choose another port`,
      );
    });

    it('takes another port where it may', async () => {
      using other = await Peer.start();
      const tunnel = await startTunnel({
        node: socketAddress(other.address),
        io,
        ingresses: [{ listen: other.address, gameServer: GAME, anyPortIfTaken: true }],
      });
      expect(tunnel.ingresses[0].listen.ip).toBe(LOOPBACK);
      expect(tunnel.ingresses[0].listen.port).not.toBe(other.address.port);
      await tunnel.close();
    });

    it('says that a local address is not this machine’s', async () => {
      const refusal = startTunnel({ node: NODE, io, ingresses: [], source: '198.51.100.1' });
      await expect(refusal).rejects.toThrow(/cannot send from 198\.51\.100\.1: this machine does not have that address/);
    });

    it('sends from the local address that it was given', async () => {
      using node = await Peer.start();
      const tunnel = await startTunnel({ node: socketAddress(node.address), io, ingresses: [], source: '127.0.0.2' });
      await node.got(1);
      await tunnel.close();
      expect(node.received[0].from).toMatchObject({ address: '127.0.0.2', port: tunnel.localPort });
    });
  });
});
