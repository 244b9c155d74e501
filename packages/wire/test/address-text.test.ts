import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressBook, canonicalAddress, formatAddressWords, parseAddressWords } from '@lightspeed/wire';

const word = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
const sparseWord = fc.oneof(word, fc.constant(0), fc.integer({ min: 0, max: 0xffff }));

describe('the text of an IPv6 address', () => {
  // RFC 5952: sections 2.1 (the same address), 4.1 to 4.3, RFC 4291 2.2 and 2.5.
  it.each([
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:0db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8::1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8::0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:0db8::1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:0:1::1', '2001:db8::1:0:0:1'],
    ['2001:db8:0000:0:1::1', '2001:db8::1:0:0:1'],
    ['2001:DB8:0:0:1::1', '2001:db8::1:0:0:1'],
    ['2001:db8:aaaa:bbbb:cccc:dddd:0:1', '2001:db8:aaaa:bbbb:cccc:dddd:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['ff01::101', 'ff01::101'],
    ['1::', '1::'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['::ffff:129.144.52.38', '129.144.52.38'],
    ['::FFFF:8190:3426', '129.144.52.38'],
    ['fe80::1%3', 'fe80::1%3'],
    ['fe80::1', 'fe80::1'],
    ['203.0.113.7', '203.0.113.7'],
  ])('%s is written %s', (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical);
    const book = new AddressBook();
    expect(book.format(book.parse(text) ?? 0)).toBe(canonical);
  });

  it('is written in hexadecimal where an IPv4 address stands at its end, of which a book has none', () => {
    expect(canonicalAddress('::13.1.68.3')).toBe('::d01:4403');
    expect(new AddressBook().parse('::13.1.68.3')).toBeUndefined();
  });

  it.each([
    '',
    ':',
    ':::',
    '1',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '::1:2:3:4:5:6:7:8',
    '1:2:3:4::5:6:7:8',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    '12345::',
    'g::',
    '[::1]',
    ' ::1',
    '::1 ',
    '::1/64',
    '::1.2.3',
    '::1.2.3.256',
    '::01.2.3.4',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:1.2.3.4',
    '::1%1',
    'fe80::1%',
    'fe80::1%eth0',
    'fe80::1%0',
    'fe80::1%01',
    'fe80::1%4294967296',
    '1.2.3.4%1',
    '01.2.3.4',
    '-1::',
    '0x1::',
  ])('is not %j', (text) => {
    expect(parseAddressWords(text)).toBeUndefined();
    expect(new AddressBook().parse(text)).toBeUndefined();
  });

  it('gives any address back', () => {
    fc.assert(
      fc.property(sparseWord, sparseWord, sparseWord, sparseWord, (w0, w1, w2, w3) => {
        const text = formatAddressWords(w0, w1, w2, w3);
        expect(parseAddressWords(text)).toEqual({ words: [w0, w1, w2, w3], scope: 0 });
        expect(canonicalAddress(text.toUpperCase())).toBe(text);
      }),
    );
  });

  it('is any text at all, and nothing is thrown', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-f:.%]{0,30}$/), (text) => {
        const address = parseAddressWords(text);
        if (address !== undefined) expect(parseAddressWords(formatAddressWords(...address.words, address.scope))).toEqual(address);
      }),
    );
  });
});

describe('the text of an endpoint', () => {
  it.each(['[2001:db8::1]:4433', '[fe80::1%2]:1', '192.0.2.1:65535', '[::]:0'])('comes back: %s', (text) => {
    const book = new AddressBook();
    const endpoint = book.parseEndpoint(text);
    expect(endpoint && book.formatEndpoint(endpoint.ip, endpoint.port)).toBe(text);
  });

  it.each(['2001:db8::1:4433', '[192.0.2.1]:1', '[::1]', '[::1]:', '[::1]:65536', '192.0.2.1', '[::1:1', '::1]:1', 'host:1'])(
    'is not %s',
    (text) => {
      expect(new AddressBook().parseEndpoint(text)).toBeUndefined();
    },
  );
});
