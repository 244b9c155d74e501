import { KeyTable } from '../key-table.ts';

/** Addresses of one session that are remembered: its paths, and those from which it has moved lately. */
const ADDRESSES_PER_SESSION = 8;

/**
 * Addresses of clients whose sessions another relay of the same port has: what comes from there is forwarded.
 * Bounded by the number of registrations, since only a true proof or token puts an address here.
 */
export class ForwardingTable {
  readonly #relays: KeyTable;
  /** By session id, so that a registration's end takes them all out. */
  readonly #addresses = new Map<number, { readonly ip: number; readonly port: number }[]>();

  constructor(random: () => number) {
    this.#relays = new KeyTable(random());
  }

  get size(): number {
    return this.#relays.size;
  }

  /** The number of the relay that has the session of an address, or -1. */
  find(ip: number, port: number): number {
    return this.#relays.get(ip, port, 0, 0);
  }

  add(sessionId: number, relay: number, ip: number, port: number): void {
    const known = this.#relays.get(ip, port, 0, 0) >= 0;
    this.#relays.set(ip, port, 0, 0, relay);
    if (known) return;
    const addresses = this.#addresses.get(sessionId) ?? [];
    addresses.push({ ip, port });
    this.#addresses.set(sessionId, addresses);
    if (addresses.length <= ADDRESSES_PER_SESSION) return;
    const oldest = addresses.shift();
    if (oldest !== undefined) this.remove(oldest.ip, oldest.port);
  }

  remove(ip: number, port: number): void {
    this.#relays.delete(ip, port, 0, 0);
  }

  forget(sessionId: number): void {
    for (const { ip, port } of this.#addresses.get(sessionId) ?? []) this.remove(ip, port);
    this.#addresses.delete(sessionId);
  }
}
