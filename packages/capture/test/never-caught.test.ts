import { describe, expect, it } from 'vitest';
import { NEVER_PORTS, NEVER_PREFIXES, STUN_PORTS } from '../src/rules/never.ts';

/** @returns the first and the last one */
function portsOf({ ports }: { readonly ports: string }): readonly [number, number] {
  const [from, to = from] = ports.split('-').map(Number);
  return [from, to];
}

const portExcluded = (port: number) =>
  [...NEVER_PORTS, ...STUN_PORTS].find((list) => {
    const [from, to] = portsOf(list);
    return port >= from && port <= to;
  })?.why;

/** First and last address as numbers from 0 to 2^32 - 1. */
function rangeOf(prefix: string): { readonly first: number; readonly last: number } {
  const [address, bits] = prefix.split('/');
  const first = address.split('.').reduce((value, byte) => value * 256 + Number(byte), 0);
  return { first, last: first + 2 ** (32 - Number(bits)) - 1 };
}

const addressExcluded = (address: string) =>
  NEVER_PREFIXES.find(({ prefix }) => {
    const { first: ip } = rangeOf(`${address}/32`);
    const { first, last } = rangeOf(prefix);
    return ip >= first && ip <= last;
  })?.why;

describe('destinations that are never caught', () => {
  it.each([
    [1, 'system services'],
    [53, 'DNS'],
    [67, 'DHCP'],
    [68, 'DHCP'],
    [123, 'NTP'],
    [137, 'NetBIOS'],
    [443, 'QUIC'],
    [500, 'IKE'],
    [853, 'DNS'],
    [1023, 'system services'],
    [1194, 'OpenVPN'],
    [1900, 'SSDP'],
    [3478, 'STUN'],
    [3481, 'STUN'],
    [3702, 'WS-Discovery'],
    [4500, 'IPsec'],
    [5060, 'SIP'],
    [5062, 'Vivox'],
    [5350, 'NAT-PMP'],
    [5353, 'mDNS'],
    [5355, 'LLMNR'],
    [19_302, 'STUN'],
    [19_309, 'STUN'],
    [51_820, 'WireGuard'],
  ])('include port %i: %s', (port, why) => {
    expect(portExcluded(port)).toContain(why);
  });

  it.each([1_024, 3_074, 5_000, 5_063, 7_777, 22_101, 27_015, 28_015, 40_000, 65_535])('leave port %i of games alone', (port) => {
    expect(portExcluded(port)).toBeUndefined();
  });

  it.each(['10.1.2.3', '100.64.0.1', '127.0.0.1', '169.254.7.7', '172.31.255.255', '192.168.1.1', '224.0.0.251', '255.255.255.255'])(
    'include %s, which no node can reach',
    (address) => {
      expect(addressExcluded(address)).toBeDefined();
    },
  );

  it('include the voice servers of Vivox', () => {
    expect(addressExcluded('74.201.106.9')).toContain('Vivox');
  });

  it.each(['1.1.1.1', '9.255.255.255', '11.0.0.0', '100.128.0.0', '172.32.0.0', '192.169.0.0', '203.0.113.9'])(
    'leave %s alone',
    (address) => {
      expect(addressExcluded(address)).toBeUndefined();
    },
  );

  it('ascend without overlapping, as an nftables interval set wants them', () => {
    for (const list of [NEVER_PORTS, STUN_PORTS]) {
      for (const [index, one] of list.entries()) {
        const [from, to] = portsOf(one);
        expect(from).toBeLessThanOrEqual(to);
        expect(one.why).not.toBe('');
        if (index > 0) expect(from).toBeGreaterThan(portsOf(list[index - 1])[1]);
      }
    }
    for (const [index, { prefix, why }] of NEVER_PREFIXES.entries()) {
      const { first, last } = rangeOf(prefix);
      // No bit is set that is not of the prefix.
      expect(first % (last - first + 1)).toBe(0);
      expect(why).not.toBe('');
      if (index > 0) expect(first).toBeGreaterThan(rangeOf(NEVER_PREFIXES[index - 1].prefix).last);
    }
  });
});
