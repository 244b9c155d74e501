import type { Endpoint } from '../ipv4.ts';
import { formatIpv4 } from '../ipv4.ts';
import type { AddressHandle, ArenaOffset, Port } from '../roles.ts';
import { requireInteger, WireError } from '../wire-error.ts';
import { AddressEntries, NO_ENTRY } from './address-entries.ts';
import { handleOfIndex, indexOfHandle, isIpv6, MAX_HANDLES, NO_ADDRESS } from './handle.ts';
import { formatAddressWords, isLinkLocal, isMapped, parseAddressWords } from './ipv6-text.ts';

/** Later new addresses that an address outlives at least when nobody retains it. */
export const MIN_TRANSIENT_LIFETIME = 4_096;

const DEFAULT_MAX_RETAINED = 65_536;

const MAPPED_WORD_2 = 0xffff;

/** How many addresses a book keeps, and the seed of its hash. */
export interface AddressBookOptions {
  /**
   * Most IPv6 addresses that can be retained without new ones being refused. Default 65,536. A book has memory for all of
   * them from the start, some 50 bytes each. An operating system gives pages of it as they are used.
   */
  readonly maxRetained?: number;
  /** A secret int32, so that senders cannot choose addresses that collide. Default 0. */
  readonly hashSeed?: number;
}

/**
 * Turns IP addresses into *handles*, single int32 numbers, and back. An IPv4 address is its own handle: its bits in
 * host order. An IPv6 address gets a number out of 240.0.0.0/4 ({@link isIpv6}). This range is reserved in IPv4, so
 * code that takes IPv4 addresses from outside refuses it. IPv4-mapped IPv6 addresses are the IPv4 address.
 *
 * One address has one handle, as long as the handle is valid, so handles are compared in place of addresses. A handle
 * that nobody retains stays valid for at least {@link MIN_TRANSIENT_LIFETIME} later `intern` calls of other addresses.
 * Then another address may get it. To keep a handle for longer, call `retain`, and later `release`. Memory is bounded
 * against any sender: the retained addresses, and as many others as that lifetime.
 *
 * Handles mean something in their own book only. Other threads and files get text, words or bytes.
 */
export class AddressBook {
  readonly #entries: AddressEntries;
  /** Counts each time that an entry becomes the newest of those that nobody retains, and each refusal. Wraps. */
  #stamp = 0;
  #retained = 0;
  #refused = 0;

  constructor(options: AddressBookOptions = {}) {
    const maxRetained = options.maxRetained ?? DEFAULT_MAX_RETAINED;
    requireInteger('maxRetained', maxRetained, 1, MAX_HANDLES / 2);
    // `::` has an entry too. One more than the lifetime: the oldest of so many has outlived all others.
    this.#entries = new AddressEntries(maxRetained + MIN_TRANSIENT_LIFETIME + 2, (options.hashSeed ?? 0) | 0);
  }

  /** IPv6 addresses that are retained now. */
  get retained(): number {
    return this.#retained;
  }

  /** How often `intern` had no room. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * The handle of an address.
   * @param scope the interface of a link-local address; ignored for others
   * @returns {@link NO_ADDRESS} for `::`, and for 240.0.0.0/4 in IPv6 form, whose bits are handles here. Likewise for the rest
   *   of `::/32`, except `::1`: no host has an address there, and its {@link prefixHigh} would be that of IPv4. Also if more
   *   than `maxRetained` others are retained and there is no room; this is counted as refused.
   */
  intern(w0: number, w1: number, w2: number, w3: number, scope: number): AddressHandle {
    if (isMapped(w0, w1, w2)) return isIpv6(w3) ? NO_ADDRESS : w3;
    if (w0 === 0 && (w1 | w2 | (w3 ^ 1)) !== 0) return NO_ADDRESS;
    const link = isLinkLocal(w0) ? scope : 0;
    const entries = this.#entries;
    const known = entries.find(w0, w1, w2, w3, link);
    if (known !== NO_ENTRY) {
      if (entries.references(known) === 0 && known !== entries.newest) {
        entries.unlink(known);
        entries.append(known, this.#nextStamp());
      }
      return handleOfIndex(known);
    }
    const index = this.#vacant();
    const stamp = this.#nextStamp();
    if (index === NO_ENTRY) {
      this.#refused++;
      return NO_ADDRESS;
    }
    entries.put(index, w0, w1, w2, w3, link);
    entries.append(index, stamp);
    return handleOfIndex(index);
  }

  /** Keeps a handle valid until as many `release` calls. Does nothing for IPv4 and {@link NO_ADDRESS}. */
  retain(handle: AddressHandle): void {
    if (!isIpv6(handle) || handle === NO_ADDRESS) return;
    const index = indexOfHandle(handle);
    this.#requireEntry(index);
    const references = this.#entries.references(index);
    this.#entries.setReferences(index, references + 1);
    if (references > 0) return;
    this.#entries.unlink(index);
    this.#retained++;
  }

  /**
   * Takes one `retain` back.
   * @throws {WireError} `ERR_WIRE_ADDRESS_NOT_RETAINED` if there is none
   */
  release(handle: AddressHandle): void {
    if (!isIpv6(handle) || handle === NO_ADDRESS) return;
    const index = indexOfHandle(handle);
    this.#requireEntry(index);
    const references = this.#entries.references(index);
    if (references === 0) throw new WireError('ERR_WIRE_ADDRESS_NOT_RETAINED', `${this.format(handle)} is released but not retained`);
    this.#entries.setReferences(index, references - 1);
    if (references > 1) return;
    this.#entries.append(index, this.#nextStamp());
    this.#retained--;
  }

  /** Word 0 to 3 of an address, from its start, in host order; of an IPv4 address in IPv6 form (::ffff:a.b.c.d). */
  word(handle: AddressHandle, part: number): number {
    if (isIpv6(handle)) return this.#entries.word(indexOfHandle(handle), part);
    return part === 3 ? handle | 0 : part === 2 ? MAPPED_WORD_2 : 0;
  }

  /** The interface of a link-local address; 0 for none and for all others. */
  scope(handle: AddressHandle): number {
    return isIpv6(handle) ? this.#entries.scope(indexOfHandle(handle)) : 0;
  }

  /**
   * The first half of the key by which limits, bans and guards count an address. An IPv4 address is (0, bits). An IPv6
   * address is its /64, since a household or a server has at least one /64. Its first half is not 0, except that of `::1`,
   * whose key is (0, 0). So no key stands for addresses of both families that datagrams come from.
   */
  prefixHigh(handle: AddressHandle): number {
    return isIpv6(handle) ? this.#entries.word(indexOfHandle(handle), 0) : 0;
  }

  /** The second half of that key, see {@link prefixHigh}. */
  prefixLow(handle: AddressHandle): number {
    return isIpv6(handle) ? this.#entries.word(indexOfHandle(handle), 1) : handle | 0;
  }

  /** The text of an address: RFC 5952, or a.b.c.d. */
  format(handle: AddressHandle): string {
    if (!isIpv6(handle)) return formatIpv4(handle);
    const word = (part: number) => this.word(handle, part);
    return formatAddressWords(word(0), word(1), word(2), word(3), this.scope(handle));
  }

  /** What {@link prefixHigh} and {@link prefixLow} stand for: `203.0.113.7` or `2001:db8:1:2::/64`. */
  formatPrefix(handle: AddressHandle): string {
    if (!isIpv6(handle)) return formatIpv4(handle);
    return `${formatAddressWords(this.prefixHigh(handle), this.prefixLow(handle), 0, 0)}/64`;
  }

  /** `a.b.c.d:port` or `[address]:port`. */
  formatEndpoint(handle: AddressHandle, port: Port): string {
    return isIpv6(handle) ? `[${this.format(handle)}]:${port}` : `${formatIpv4(handle)}:${port}`;
  }

  /**
   * The handle of an address in text, of either family, with a numeric `%scope` where one is needed.
   * @returns undefined if `text` is anything else, or an address for which {@link intern} has no handle
   */
  parse(text: string): AddressHandle | undefined {
    const address = parseAddressWords(text);
    if (address === undefined) return undefined;
    const handle = this.intern(...address.words, address.scope);
    const [w0, w1, w2, w3] = address.words;
    return handle === NO_ADDRESS && (w0 | w1 | w2 | w3) !== 0 ? undefined : handle;
  }

  /** The endpoint of `a.b.c.d:port` or `[address]:port`, or undefined if `text` is anything else. */
  parseEndpoint(text: string): Endpoint | undefined {
    const parts = /^(?:\[([^\]]*:[^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text);
    if (parts === null || Number(parts[3]) > 0xffff) return undefined;
    const ip = this.parse(parts[1] ?? parts[2]);
    return ip === undefined ? undefined : { ip, port: Number(parts[3]) };
  }

  /** Writes the 16 bytes of an address, an IPv4 address in IPv6 form. The scope is left out. */
  write(handle: AddressHandle, bytes: Uint8Array, offset: ArenaOffset): void {
    for (let part = 0; part < 4; part++) {
      const word = this.word(handle, part);
      const at = offset + 4 * part;
      bytes[at] = word >>> 24;
      bytes[at + 1] = word >>> 16;
      bytes[at + 2] = word >>> 8;
      bytes[at + 3] = word;
    }
  }

  /** The handle of the address in 16 bytes, an IPv4 address in IPv6 form. @param scope see {@link intern} */
  read(bytes: Uint8Array, offset: ArenaOffset, scope = 0): AddressHandle {
    return this.intern(wordAt(bytes, offset), wordAt(bytes, offset + 4), wordAt(bytes, offset + 8), wordAt(bytes, offset + 12), scope);
  }

  /** An entry to write an address into: one that has outlived its time, or a new one. */
  #vacant(): number {
    const entries = this.#entries;
    const { oldest } = entries;
    if (oldest !== NO_ENTRY && (this.#stamp - entries.stamp(oldest)) >>> 0 >= MIN_TRANSIENT_LIFETIME) {
      entries.unlink(oldest);
      entries.unput(oldest);
      return oldest;
    }
    if (entries.isFull) return NO_ENTRY;
    return entries.used++;
  }

  #nextStamp(): number {
    this.#stamp = (this.#stamp + 1) | 0;
    return this.#stamp;
  }

  #requireEntry(index: number): void {
    requireInteger('index of the handle', index, 1, this.#entries.used - 1);
  }
}

function wordAt(bytes: Uint8Array, offset: ArenaOffset): number {
  return (bytes[offset] << 24) | (bytes[offset + 1] << 16) | (bytes[offset + 2] << 8) | bytes[offset + 3];
}
