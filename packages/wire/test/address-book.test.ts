import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressBook, isIpv6, MIN_TRANSIENT_LIFETIME, NO_ADDRESS, UNSPECIFIED_IPV6, WireError } from '@lightspeed/wire';

const DOCUMENTATION = 0x2001_0db8;
const LINK_LOCAL = 0xfe80_0000 | 0;

/** Interns as many addresses as wanted that nothing else in these tests uses. */
function crowd(book: AddressBook, count: number, first = 0): void {
  for (let i = 0; i < count; i++) book.intern(DOCUMENTATION, 0xffff, 0, first + i, 0);
}

describe('an address book', () => {
  it('gives one address one handle, which is no IPv4 address', () => {
    const book = new AddressBook();
    const handle = book.intern(DOCUMENTATION, 1, 2, 3, 0);
    expect(isIpv6(handle)).toBe(true);
    expect(handle).toBe(handle | 0);
    expect(book.intern(DOCUMENTATION, 1, 2, 3, 0)).toBe(handle);
    expect(book.intern(DOCUMENTATION, 1, 2, 4, 0)).not.toBe(handle);
    expect([0, 1, 2, 3].map((part) => book.word(handle, part))).toEqual([DOCUMENTATION, 1, 2, 3]);
  });

  it('takes an IPv4 address, mapped or not, as its bits', () => {
    const book = new AddressBook();
    const bits = 0xc000_0201 | 0;
    expect(book.intern(0, 0, 0xffff, bits, 5)).toBe(bits);
    expect(book.parse('192.0.2.1')).toBe(bits);
    expect(book.parse('::ffff:192.0.2.1')).toBe(bits);
    expect(isIpv6(bits)).toBe(false);
    expect([0, 1, 2, 3].map((part) => book.word(bits, part))).toEqual([0, 0, 0xffff, bits]);
    expect(book.format(bits)).toBe('192.0.2.1');
    expect(book.format(bits >>> 0)).toBe('192.0.2.1');
  });

  it('lets nobody pass a reserved IPv4 address off as a handle', () => {
    const book = new AddressBook();
    const victim = book.intern(DOCUMENTATION, 1, 2, 3, 0);
    expect(book.intern(0, 0, 0xffff, victim, 0)).toBe(NO_ADDRESS);
    for (const text of ['240.0.0.1', '255.255.255.255', '::ffff:240.0.0.1']) expect(book.parse(text)).toBeUndefined();
    expect(book.parse('239.255.255.255')).toBe(0xefff_ffff | 0);
    expect(book.refused).toBe(0);
  });

  it('has one handle for :: everywhere', () => {
    const book = new AddressBook();
    expect(book.parse('::')).toBe(UNSPECIFIED_IPV6);
    expect(book.format(UNSPECIFIED_IPV6)).toBe('::');
    book.retain(UNSPECIFIED_IPV6);
    book.release(UNSPECIFIED_IPV6);
    book.release(UNSPECIFIED_IPV6);
    expect(book.retained).toBe(0);
  });

  it('tells link-local addresses of different interfaces apart, and ignores the interface of others', () => {
    const book = new AddressBook();
    const first = book.intern(LINK_LOCAL, 0, 0, 1, 2);
    const second = book.intern(LINK_LOCAL, 0, 0, 1, 3);
    expect(first).not.toBe(second);
    expect([book.scope(first), book.scope(second)]).toEqual([2, 3]);
    expect(book.intern(DOCUMENTATION, 0, 0, 1, 2)).toBe(book.intern(DOCUMENTATION, 0, 0, 1, 3));
    expect(book.scope(book.intern(DOCUMENTATION, 0, 0, 1, 2))).toBe(0);
    expect(book.parse('fe80::1%2')).toBe(first);
    expect(book.scope(0x7f00_0001)).toBe(0);
  });

  it('counts an IPv6 address by its /64 and an IPv4 address by itself', () => {
    const book = new AddressBook();
    const parsed = ['2001:db8:1:2::1', '2001:db8:1:2:ffff::', '2001:db8:1:3::1', '203.0.113.7'].map((text) => book.parse(text) ?? 0);
    const keys = parsed.map((handle) => [book.prefixHigh(handle), book.prefixLow(handle)]);
    expect(keys).toEqual([
      [DOCUMENTATION, 0x0001_0002],
      [DOCUMENTATION, 0x0001_0002],
      [DOCUMENTATION, 0x0001_0003],
      [0, 0xcb00_7107 | 0],
    ]);
    expect(parsed.map((handle) => book.formatPrefix(handle))).toEqual([
      '2001:db8:1:2::/64',
      '2001:db8:1:2::/64',
      '2001:db8:1:3::/64',
      '203.0.113.7',
    ]);
  });

  it('has no key that stands for an IPv4 address and for a /64', () => {
    const book = new AddressBook();
    for (const text of ['0:0:cb00:7107::', '0:0:cb00:7107::1', '::203.0.113.7', '::ffff:0:203.0.113.7', '::2']) {
      expect(book.parse(text)).toBeUndefined();
    }
    expect(book.intern(0, 0xcb00_7107 | 0, 0, 1, 0)).toBe(NO_ADDRESS);
    const loopback = book.parse('::1') ?? 0;
    expect([book.format(loopback), book.prefixHigh(loopback), book.prefixLow(loopback)]).toEqual(['::1', 0, 0]);
    expect([book.parse('::'), book.refused]).toEqual([NO_ADDRESS, 0]);
    const word = fc.oneof(fc.constantFrom(0, 1, 0xffff), fc.integer());
    fc.assert(
      fc.property(word, word, word, word, (w0, w1, w2, w3) => {
        const handle = book.intern(w0, w1, w2, w3, 0);
        if (!isIpv6(handle) || handle === NO_ADDRESS || handle === loopback) return;
        expect(book.prefixHigh(handle)).not.toBe(0);
      }),
    );
  });

  it('writes and reads 16 bytes', () => {
    const book = new AddressBook();
    const bytes = new Uint8Array(20).fill(0xee);
    book.write(book.parse('2001:db8::8000:1') ?? 0, bytes, 2);
    expect([...bytes]).toEqual([0xee, 0xee, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 1, 0xee, 0xee]);
    expect(book.read(bytes, 2)).toBe(book.parse('2001:db8::8000:1'));
    book.write(0xcb00_7107, bytes, 2);
    expect([...bytes.subarray(2, 18)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 203, 0, 113, 7]);
    expect(book.read(bytes, 2)).toBe(0xcb00_7107 | 0);
  });

  it('keeps a handle that nobody retains for its lifetime', () => {
    const book = new AddressBook({ maxRetained: 1 });
    const handle = book.intern(DOCUMENTATION, 1, 2, 3, 0);
    crowd(book, MIN_TRANSIENT_LIFETIME);
    expect(book.format(handle)).toBe('2001:db8:0:1:0:2:0:3');
    crowd(book, MIN_TRANSIENT_LIFETIME, MIN_TRANSIENT_LIFETIME);
    expect(book.format(handle)).not.toBe('2001:db8:0:1:0:2:0:3');
    expect(book.refused).toBe(0);
  });

  it('keeps a handle for as long as it is retained, and its lifetime after', () => {
    const book = new AddressBook({ maxRetained: 1 });
    const handle = book.intern(DOCUMENTATION, 1, 2, 3, 0);
    book.retain(handle);
    book.retain(handle);
    crowd(book, 3 * MIN_TRANSIENT_LIFETIME);
    book.release(handle);
    crowd(book, 3 * MIN_TRANSIENT_LIFETIME);
    expect(book.intern(DOCUMENTATION, 1, 2, 3, 0)).toBe(handle);
    expect(book.retained).toBe(1);
    book.release(handle);
    expect(book.retained).toBe(0);
    crowd(book, MIN_TRANSIENT_LIFETIME - 1, 1 << 20);
    expect(book.intern(DOCUMENTATION, 1, 2, 3, 0)).toBe(handle);
    expect(book.refused).toBe(0);
  });

  it('says when a handle is released that nobody retains', () => {
    const book = new AddressBook();
    const handle = book.intern(DOCUMENTATION, 1, 2, 3, 0);
    expect(() => book.release(handle)).toThrow(expect.objectContaining({ code: 'ERR_WIRE_ADDRESS_NOT_RETAINED' }) as Error);
    expect(() => book.retain(handle + 1)).toThrow(WireError);
  });

  it('ignores retain and release of IPv4 addresses', () => {
    const book = new AddressBook();
    book.retain(0x7f00_0001);
    book.release(0x7f00_0001);
    book.release(0x7f00_0001);
    expect(book.retained).toBe(0);
  });

  it('refuses what it has no room for, counts that, and takes addresses again when some are released', () => {
    const book = new AddressBook({ maxRetained: 8 });
    const kept: number[] = [];
    while (book.refused === 0) {
      const handle = book.intern(DOCUMENTATION, 2, kept.length, 0, 0);
      if (handle === NO_ADDRESS) break;
      book.retain(handle);
      kept.push(handle);
    }
    expect(kept.length).toBeGreaterThan(8);
    expect(new Set(kept).size).toBe(kept.length);
    crowd(book, 10);
    expect(book.refused).toBe(11);
    expect([book.parse('2001:db8:3::'), book.parse('::1'), book.refused]).toEqual([undefined, undefined, 13]);
    for (const handle of kept) book.release(handle);
    expect(isIpv6(book.intern(DOCUMENTATION, 3, 0, 0, 0)) && book.intern(DOCUMENTATION, 3, 0, 0, 0) !== NO_ADDRESS).toBe(true);
    expect(book.refused).toBe(13);
  });

  it('has room for so many retained addresses as it was told, under a flood of others', () => {
    const book = new AddressBook({ maxRetained: 3_000, hashSeed: 12_345 });
    const kept = Array.from({ length: 3_000 }, (_, i) => {
      crowd(book, 10, i * 10);
      const handle = book.intern(DOCUMENTATION, 7, i, 0, 0);
      book.retain(handle);
      return handle;
    });
    crowd(book, 20_000, 1 << 20);
    expect(kept.map((handle) => book.word(handle, 2))).toEqual(kept.map((_, i) => i));
    expect(book.refused).toBe(0);
  });

  it('takes no memory and moves no entry when an address comes, however many there are', () => {
    const book = new AddressBook({ maxRetained: 300_000, hashSeed: 77 });
    const fromStart = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 300_000; i++) {
      book.retain(book.intern(DOCUMENTATION, 7, i, 0, 0));
      if (i % 1_000 === 0 && process.memoryUsage().arrayBuffers > fromStart) throw new Error(`memory was taken for address ${i}`);
    }
    expect([book.retained, book.refused]).toEqual([300_000, 0]);
    for (let i = 0; i < 300_000; i += 997) expect(book.word(book.intern(DOCUMENTATION, 7, i, 0, 0), 2)).toBe(i);
  });

  it('behaves as a map with reference counts, whatever is done with it', () => {
    const step = fc.record({
      action: fc.constantFrom('intern', 'retain', 'release', 'crowd'),
      address: fc.integer({ min: 0, max: 30 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer(), (steps, hashSeed) => {
        const book = new AddressBook({ maxRetained: 40, hashSeed });
        const retained = new Map<number, { handle: number; count: number }>();
        let others = 0;
        for (const { action, address } of steps) {
          const known = retained.get(address);
          if (action === 'crowd') {
            crowd(book, 1_500, others);
            others += 1_500;
          } else if (action === 'release') {
            if (known === undefined) continue;
            book.release(known.handle);
            known.count--;
            if (known.count === 0) retained.delete(address);
          } else {
            const handle = book.intern(DOCUMENTATION, 9, address, address, 0);
            if (known !== undefined) expect(handle).toBe(known.handle);
            if (action === 'intern') continue;
            book.retain(handle);
            retained.set(address, { handle, count: (known?.count ?? 0) + 1 });
          }
          expect(book.retained).toBe(retained.size);
          for (const [wanted, { handle }] of retained) expect(book.word(handle, 3)).toBe(wanted);
        }
        expect(book.refused).toBe(0);
      }),
      { numRuns: 50 },
    );
  });
});
