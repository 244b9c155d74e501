import type { LookupAllOptions } from 'node:dns';
import dns from 'node:dns/promises';
import { syncBuiltinESMExports } from 'node:module';
import { hasIpv6 } from '@lightspeed/udp';
import { isIpv6 } from '@lightspeed/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openNodeAddresses, startTunnel } from '../src/run/start-tunnel.ts';
import { parseTunnelSettings } from '../src/settings/tunnel-settings.ts';
import type { TunnelSettings } from '../src/settings/tunnel-settings.ts';
import { EchoServer, until } from './support/game.ts';
import { play } from './support/play.ts';
import { LOOPBACK, TestNode } from './support/test-node.ts';
import { ENGINES } from './support/tunnel.ts';

const LOOPBACKS = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];
const { lookup } = dns;

/** A name that has loopback's addresses of both families, whatever the machine's own names have. */
const DUAL = 'dual.test';
beforeAll(() => {
  dns.lookup = ((host: string, options: LookupAllOptions) =>
    host === DUAL ? Promise.resolve(LOOPBACKS) : lookup(host, options)) as typeof lookup;
  syncBuiltinESMExports();
});
afterAll(() => {
  dns.lookup = lookup;
  syncBuiltinESMExports();
});

function addresses(host: string, settings: Partial<TunnelSettings> = {}) {
  const node = { host, port: 4434 };
  return openNodeAddresses(node, parseTunnelSettings({ node, ...settings }).settings);
}

describe('a node with which nobody registers', () => {
  it('is where its address says', async () => {
    expect(await addresses('192.0.2.1')).toEqual({ ipv4: { host: '192.0.2.1', port: 4434 }, ipv6: undefined, preferred: 'ipv4' });
    expect(await addresses('::1')).toMatchObject({ ipv4: undefined, ipv6: { host: '::1' }, preferred: 'ipv6' });
  });

  it('is an error if a source is not of its family', async () => {
    await expect(addresses('::1', { source: '127.0.0.1' })).rejects.toMatchObject({
      code: 'ERR_CLIENT_RESOLVE',
      message:
        'node [::1]:4434: the node has no IPv4 address to which 127.0.0.1 could send: it was named by its address ::1; ' +
        'name it by a host name that has addresses of both families',
    });
  });
});

describe.skipIf(!hasIpv6())('a node with which nobody registers, by a name of both families', () => {
  it('has both addresses, IPv6 first, and IPv4 alone in dialect reference, in which no node answers', async () => {
    const both = { ipv4: { host: '127.0.0.1', port: 4434 }, ipv6: { host: '::1', port: 4434 } };
    expect(await addresses(DUAL)).toEqual({ ...both, preferred: 'ipv6' });
    expect(await addresses(DUAL, { dialect: 'reference' })).toMatchObject({ ipv6: undefined, preferred: 'ipv4' });
    expect(await addresses(DUAL, { source: '127.0.0.1' })).toMatchObject({ preferred: 'ipv4' });
    expect(await addresses(DUAL, { dialect: 'reference', source: '::1' })).toMatchObject({ preferred: 'ipv6' });
  });

  describe.each(ENGINES)('over the %s engine', (io) => {
    it.each([
      ['::1', true],
      ['127.0.0.1', false],
      ['::', true],
    ] as const)('is reached by the family in which it answers: at %s', async (bind, ipv6) => {
      await using node = await TestNode.start({}, 0, bind);
      const used = new Set<boolean>();
      node.faults.dropToClient = (_packet, ip) => {
        used.add(isIpv6(ip));
        return false;
      };
      using server = await EchoServer.named('');
      const named = { host: DUAL, port: node.address.port };
      const ingresses = [{ listen: { ip: LOOPBACK, port: 0 }, gameServer: server.address }];
      await using tunnel = await startTunnel({ node: named, io, ingresses });
      await tunnel.established(5_000);
      using program = await play(3, tunnel.ingresses[0].listen);
      expect(program.texts).toHaveLength(3);
      expect([...used]).toEqual([ipv6]);
      expect(tunnel.node).toEqual(named);
      await until(() => tunnel.stats().ways[0].downPackets === 3, 'the counters');
      expect(tunnel.stats().ways[0].name).toBe(`${DUAL}:${node.address.port}`);
    });
  });
});
