import { networkInterfaces } from 'node:os';
import type { AddressBook, AddressHandle } from '@lightspeed/wire';
import { isIpv6, NO_ADDRESS } from '@lightspeed/wire';

/** Names of interfaces are asked for again when an unknown one comes up, but not more often. */
const REFRESH_MS = 1_000;

/**
 * Addresses as node:dgram writes and reads them. Link-local ones have the name of their interface (its number on
 * Windows), and IPv4 is in IPv6 form for sockets of IPv6.
 */
export class AddressText {
  private readonly book: AddressBook;
  private readonly scopes = new Map<string, number>();
  private refreshedMs = -Infinity;

  constructor(book: AddressBook) {
    this.book = book;
  }

  /** The handle of an address that node:dgram gave; NO_ADDRESS if it has none. */
  parse(text: string): number {
    const percent = text.indexOf('%');
    if (percent < 0) return this.book.parse(text) ?? NO_ADDRESS;
    const scope = this.scopeOf(text.slice(percent + 1));
    return this.book.parse(scope === undefined ? text.slice(0, percent) : `${text.slice(0, percent)}%${scope}`) ?? NO_ADDRESS;
  }

  /** @param isIpv6Socket whether it is for a socket of IPv6 */
  format(handle: AddressHandle, isIpv6Socket: boolean): string {
    const text = this.book.format(handle);
    if (!isIpv6(handle)) return isIpv6Socket ? `::ffff:${text}` : text;
    const scope = this.book.scope(handle);
    const name = scope === 0 ? undefined : this.nameOf(scope);
    return name === undefined ? text : text.replace(/%.*/, `%${name}`);
  }

  private scopeOf(name: string): number | undefined {
    if (/^\d+$/.test(name)) return Number(name);
    if (!this.scopes.has(name)) this.refresh();
    return this.scopes.get(name);
  }

  private nameOf(scope: number): string | undefined {
    if (process.platform === 'win32') return undefined;
    const find = () => [...this.scopes].find(([, number]) => number === scope)?.[0];
    const known = find();
    if (known !== undefined) return known;
    this.refresh();
    return find();
  }

  private refresh(): void {
    const nowMs = performance.now();
    if (nowMs - this.refreshedMs < REFRESH_MS) return;
    this.refreshedMs = nowMs;
    this.scopes.clear();
    for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
      for (const address of addresses) {
        if (address.family === 'IPv6' && address.scopeid > 0) this.scopes.set(name, address.scopeid);
      }
    }
  }
}
