import type { AddressBook, AddressHandle, PathNumber, Port } from '@lightspeed/wire';
import type { NodeAddresses } from './messages.ts';
import type { PathFamily } from './path-sockets.ts';

/**
 * The data-plane addresses of a node as a tunnel uses them. A path whose socket can send to both families tries one after
 * the other. It keeps to the one that answers first (after RFC 8305). Addresses are handles of the engine's book, int32;
 * a port of 0 says that there is none.
 */
export class NodeAddressChoice {
  readonly ip4: number;
  readonly port4: number;
  readonly ip6: number;
  readonly port6: number;
  readonly #book: AddressBook;
  readonly #preferIpv6: boolean;
  /** For each path: 1 sends to the IPv6 address. */
  readonly #usesIpv6: Uint8Array;
  /** For each path: 1 may change the family. */
  readonly #free: Uint8Array;

  constructor(book: AddressBook, { ipv4, ipv6, preferred }: NodeAddresses, paths: number) {
    this.#book = book;
    this.ip4 = ipv4 === undefined ? 0 : (book.parse(ipv4.host) ?? 0);
    this.port4 = ipv4?.port ?? 0;
    this.ip6 = ipv6 === undefined ? 0 : (book.parse(ipv6.host) ?? 0);
    this.port6 = ipv6?.port ?? 0;
    this.#preferIpv6 = preferred === 'ipv6';
    this.#usesIpv6 = new Uint8Array(paths);
    this.#free = new Uint8Array(paths);
    book.retain(this.ip6);
  }

  /** The node tunnel is gone. */
  release(): void {
    this.#book.release(this.ip6);
  }

  /** A path has a socket that can send to these addresses. A new socket of both families keeps to the address in use. */
  setFamily(path: PathNumber, family: PathFamily): void {
    const both = family === 'both' && this.port4 !== 0 && this.port6 !== 0;
    if (both && this.#free[path] === 1) return;
    this.#free[path] = both ? 1 : 0;
    const ipv6 = family === 'ipv6' || (family === 'both' && (both ? this.#preferIpv6 : this.port6 !== 0));
    this.#usesIpv6[path] = ipv6 ? 1 : 0;
  }

  /** Whether a socket of that family could send to the node. */
  has(family: PathFamily): boolean {
    return (family !== 'ipv6' && this.port4 !== 0) || (family !== 'ipv4' && this.port6 !== 0);
  }

  ip(path: PathNumber): AddressHandle {
    return this.#usesIpv6[path] === 1 ? this.ip6 : this.ip4;
  }

  port(path: PathNumber): Port {
    return this.#usesIpv6[path] === 1 ? this.port6 : this.port4;
  }

  /** Whether a datagram comes from the node, whichever path it came by. */
  isFrom(ip: AddressHandle, port: Port): boolean {
    return port !== 0 && ((ip === this.ip4 && port === this.port4) || (ip === this.ip6 && port === this.port6));
  }

  /** Takes the other address for a path, if there is a choice. @returns whether there is. */
  alternate(path: PathNumber): boolean {
    if (this.#free[path] === 0) return false;
    this.#usesIpv6[path] ^= 1;
    return true;
  }

  /** The node has spoken by a path. @returns whether the path uses another address from now on. */
  settle(path: PathNumber, ip: AddressHandle): boolean {
    return this.#free[path] === 1 && ip !== this.ip(path) && this.alternate(path);
  }
}
