import { describe, expect, it } from 'vitest';
import {
  addressKind,
  addressPrefix,
  formatPrefixWords,
  formatSocketAddress,
  isLoopback,
  isUnspecified,
  parseSocketAddress,
} from '@lightspeed/wire';

describe('socket addresses in text', () => {
  it.each([
    ['192.0.2.1:4433', '192.0.2.1', 4433, '192.0.2.1:4433'],
    ['0.0.0.0:0', '0.0.0.0', 0, '0.0.0.0:0'],
    ['[::]:4434', '::', 4434, '[::]:4434'],
    ['[2001:DB8:0:0:0:0:0:1]:65535', '2001:db8::1', 65_535, '[2001:db8::1]:65535'],
    ['[::ffff:192.0.2.1]:1', '192.0.2.1', 1, '192.0.2.1:1'],
    ['[fe80::1%3]:1', 'fe80::1%3', 1, '[fe80::1%3]:1'],
  ])('%s is read and written in one form', (text, host, port, written) => {
    const address = parseSocketAddress(text);
    expect(address).toEqual({ host, port });
    expect(address && formatSocketAddress(address)).toBe(written);
  });

  it.each([
    '',
    ':',
    '1.2.3.4',
    '1.2.3.4:',
    '1.2.3.4:65536',
    '::1:80',
    '[::1]',
    '[::1]80',
    '[1.2.3.4]:80',
    'name:80',
    '[::1%eth0]:80',
    '1.2.3.4 :80',
  ])('%j is none', (text) => {
    expect(parseSocketAddress(text)).toBeUndefined();
  });

  it('writes a name as it is', () => {
    expect(formatSocketAddress({ host: 'node.example', port: 4433 })).toBe('node.example:4433');
  });

  it('tells every address from one, and this machine from others', () => {
    expect(['0.0.0.0', '::', '::1', '127.0.0.1'].map(isUnspecified)).toEqual([true, true, false, false]);
    expect(['127.0.0.1', '127.255.0.1', '::1', '::ffff:127.0.0.1'].map(isLoopback)).toEqual([true, true, true, true]);
    expect(['0.0.0.0', '::', '128.0.0.1', '::2', '2001:db8::1', 'localhost'].map(isLoopback)).toEqual(Array(6).fill(false));
  });

  it.each([
    ['unspecified', ['0.0.0.0', '::', '::ffff:0.0.0.0']],
    ['loopback', ['127.0.0.1', '::1']],
    ['link-local', ['fe80::1', 'fe80::1%2', 'febf::1']],
    ['multicast', ['224.0.0.1', '239.255.255.255', 'ff02::1']],
    ['reserved', ['240.0.0.1', '255.255.255.255', '::ffff:240.0.0.1']],
    ['usual', ['192.0.2.1', '223.255.255.255', '2001:db8::1', 'fec0::1', '::2']],
    [undefined, ['localhost', 'fe80::1%eth0', '']],
  ])('have a kind: %s', (kind, hosts) => {
    for (const host of hosts) expect([host, addressKind(host)]).toEqual([host, kind]);
  });

  it('counts an IPv4 address by itself and an IPv6 address by its first 64 bits', () => {
    expect(addressPrefix('203.0.113.7')).toBe('203.0.113.7');
    expect(addressPrefix('::ffff:203.0.113.7')).toBe('203.0.113.7');
    expect(addressPrefix('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
    expect(addressPrefix('2001:db8:1:2::')).toBe('2001:db8:1:2::/64');
    expect(addressPrefix('fe80::1%3')).toBe('fe80::/64');
    expect(addressPrefix('::1')).toBe('::/64');
    expect(addressPrefix('')).toBe('');
    expect(formatPrefixWords(0, 0xcb007107)).toBe('203.0.113.7');
    expect(formatPrefixWords(0x20010db8, 0x00010002)).toBe('2001:db8:1:2::/64');
    expect(formatPrefixWords(0, 0)).toBe('::/64');
  });
});
