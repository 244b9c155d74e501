import { readAddress } from '@lightspeed/udp';
import { describe, expect, it } from 'vitest';

const LINKS = new Map([
  ['eth0', 2],
  ['wlan0', 3],
]);

describe('an address that a person has written', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:DB8:0:0::7', '2001:db8::7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['fe80::1%eth0', 'fe80::1%2'],
    ['fe80::1%3', 'fe80::1%3'],
  ])('comes in one form: %s', (text, address) => {
    expect(readAddress(text, LINKS)).toEqual({ address });
  });

  it.each([
    ['eth0', 'an IPv4 or IPv6 address, such as 192.0.2.7 or 2001:db8::7'],
    ['[::g]', 'an IPv4 or IPv6 address, such as 192.0.2.7 or 2001:db8::7'],
    ['[::1]', 'the address without brackets: ::1'],
    ['fe80::1', 'a link-local address with the interface to its link behind it; here: %eth0 or %2, %wlan0 or %3'],
    ['fe80::1%', 'a link-local address with the interface to its link behind it; here: %eth0 or %2, %wlan0 or %3'],
    ['fe80::1%eth9', 'an interface of this machine that has a link-local address; here: %eth0 or %2, %wlan0 or %3'],
    ['2001:db8::7%eth0', 'an interface behind link-local addresses (fe80::/10) only: 2001:db8::7'],
  ])('is refused with what is allowed: %s', (text, allowed) => {
    expect(readAddress(text, LINKS)).toEqual({ allowed });
  });

  it('is refused where no interface has a link-local address', () => {
    expect(readAddress('fe80::1%eth0', new Map())).toEqual({
      allowed: 'an interface of this machine that has a link-local address; here: none has one now',
    });
  });
});
