import {
  dataAddressExtension,
  dataAddressV6Extension,
  egressAddressExtension,
  observedAddressExtension,
  observedAddressV6Extension,
} from '@lightspeed/control';
import { expect, it } from 'vitest';
import { addressExtensions } from '../src/control/node-addresses.ts';

const V4 = { peer: { host: '203.0.113.5', port: 9 }, local: { host: '192.0.2.1', port: 4433 } };
const V6 = { peer: { host: '2001:db8:1::5', port: 9 }, local: { host: '2001:db8::1', port: 4433 } };

it.each([
  ['over IPv4 to a node on every address', '::', V4, { ip: 0, port: 4434 }, undefined],
  ['over IPv6 to a node on every address', '::', V6, undefined, { host: '::', port: 4434 }],
  ['over IPv4 to a node on every IPv4 address', '0.0.0.0', V4, { ip: 0, port: 4434 }, undefined],
  ['at the address of the data plane', '192.0.2.1', V4, { ip: 0, port: 4434 }, undefined],
  ['at the IPv6 address of the data plane', '2001:db8::1', V6, undefined, { host: '::', port: 4434 }],
  ['at another address than the data plane has', '192.0.2.2', V4, { ip: 0xc000_0202, port: 4434 }, undefined],
  ['over IPv6 to a node whose data plane has an IPv4 address', '192.0.2.2', V6, { ip: 0xc000_0202, port: 4434 }, undefined],
  ['over IPv4 to a node whose data plane has an IPv6 address', '2001:db8::2', V4, undefined, { host: '2001:db8::2', port: 4434 }],
])('who registers %s is told where data goes in one form', (_how, host, ends, v4, v6) => {
  const extensions = addressExtensions({ data: { host, port: 4434 }, egressIp: undefined }, ends);
  expect([dataAddressExtension.find(extensions), dataAddressV6Extension.find(extensions)]).toEqual([v4, v6]);
});

it('a client is told where it is seen at by an extension of its family, and of an IPv4 egress', () => {
  const node = { data: { host: '::', port: 4434 }, egressIp: 0xc000_0203 };
  const [overV4, overV6] = [V4, V6].map((ends) => addressExtensions(node, ends));
  expect([observedAddressExtension.find(overV4), observedAddressV6Extension.find(overV4)]).toEqual([
    { ip: 0xcb00_7105, port: 9 },
    undefined,
  ]);
  expect([observedAddressExtension.find(overV6), observedAddressV6Extension.find(overV6)]).toEqual([undefined, V6.peer]);
  for (const extensions of [overV4, overV6]) expect(egressAddressExtension.find(extensions)).toEqual({ ip: 0xc000_0203, port: 0 });
});
