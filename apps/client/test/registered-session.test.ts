import { dataAddressExtension, dataAddressV6Extension } from '@lightspeed/control';
import type { Extension } from '@lightspeed/control';
import { describe, expect, it } from 'vitest';
import { sessionOf } from '../src/control/registered-session.ts';
import type { ReachedNode } from '../src/control/registered-session.ts';

const V4 = '192.0.2.1';
const V6 = '2001:db8::1';
const OTHER_V4 = { host: '198.51.100.7', port: 5_000 };
const OTHER_V6 = { host: '2001:db8::7', port: 6_000 };
const ip4 = (ip: number, port: number) => dataAddressExtension.encode({ ip, port });
const ip6 = (host: string, port: number) => dataAddressV6Extension.encode({ host, port });

function dataOf(extensions: Extension[], reached: Partial<ReachedNode>) {
  const ack = { type: 'register_ack', sessionId: 1, token: 1, nodeId: 'n', region: 'r', extensions } as const;
  return sessionOf(ack, { host: V4, ipv4: undefined, ipv6: undefined, dataPort: 4_434, ...reached }, undefined, undefined).data;
}

describe('the data-plane addresses of a registered session', () => {
  it.each<[string, Extension[], Partial<ReachedNode>, object]>([
    [
      'nothing is said: that of the control connection',
      [],
      { ipv4: V4 },
      { ipv4: { host: V4, port: 4_434 }, ipv6: undefined, preferred: 'ipv4' },
    ],
    [
      'a port is said: both of the name, the one that was reached first',
      [ip6('::', 9)],
      { host: V6, ipv4: V4, ipv6: V6 },
      { ipv4: { host: V4, port: 9 }, ipv6: { host: V6, port: 9 }, preferred: 'ipv6' },
    ],
    [
      'a port is said to a client that came by IPv4',
      [ip4(0, 9)],
      { host: V4, ipv4: V4, ipv6: V6 },
      { ipv4: { host: V4, port: 9 }, ipv6: { host: V6, port: 9 }, preferred: 'ipv4' },
    ],
    [
      'an address is said: only that, whatever the name has',
      [ip4(0xc633_6407, 5_000)],
      { host: V6, ipv4: V4, ipv6: V6 },
      { ipv4: OTHER_V4, ipv6: undefined, preferred: 'ipv4' },
    ],
    [
      'one of each family is said',
      [ip4(0xc633_6407, 5_000), ip6(OTHER_V6.host, OTHER_V6.port)],
      { host: V6, ipv6: V6 },
      { ipv4: OTHER_V4, ipv6: OTHER_V6, preferred: 'ipv6' },
    ],
    [
      'one is said, and the other is that of the control connection',
      [ip4(0xc633_6407, 5_000), ip6('::', 9)],
      { host: V6, ipv4: V4, ipv6: V6 },
      { ipv4: OTHER_V4, ipv6: { host: V6, port: 9 }, preferred: 'ipv6' },
    ],
    [
      'an IPv4 address is said in its IPv6 form',
      [ip6('::ffff:198.51.100.7', 5_000)],
      { host: V6, ipv6: V6 },
      { ipv4: OTHER_V4, ipv6: undefined, preferred: 'ipv4' },
    ],
  ])('where %s', (_what, extensions, reached, expected) => {
    expect(dataOf(extensions, reached)).toEqual(expected);
  });

  it('are an error where there is no port', () => {
    expect(() => dataOf([ip4(0, 0)], { ipv4: V4 })).toThrow('it names no port of its data plane');
  });
});
