import type { AddressBook, AddressHandle, Port } from '@lightspeed/wire';
import { KeyTable } from '../key-table.ts';

/** Addresses of one session that count: its paths, and those from which it has moved lately. */
const MAX_ADDRESSES_PER_SESSION = 8;

/** A session that another relay has. Which relay that is stands here only, so that all of its addresses agree. */
interface ForwardedSession {
  readonly sessionId: number;
  relay: number;
  /** In the order in which they were proved. */
  readonly addresses: ForwardedAddress[];
}

/** An address belongs to the session that proved it last. */
interface ForwardedAddress {
  readonly session: ForwardedSession;
  readonly index: number;
  readonly ip: AddressHandle;
  readonly port: Port;
}

/**
 * Addresses of clients whose sessions another relay of the same port has: what comes from there is forwarded.
 * Bounded by the number of registrations, since only a true proof or token puts an address here.
 */
export class ForwardingTable {
  /** Places in `#addresses` by ip and port. */
  readonly #byAddress: KeyTable;
  readonly #addresses: (ForwardedAddress | undefined)[] = [];
  readonly #freeIndexes: number[] = [];
  readonly #sessions = new Map<number, ForwardedSession>();

  readonly #book: AddressBook;

  /** @param addresses what the handles of addresses mean, which are retained while they are here. */
  constructor(addresses: AddressBook, random: () => number) {
    this.#book = addresses;
    this.#byAddress = new KeyTable(random(), 0, 2);
  }

  /** Addresses that are here. */
  get size(): number {
    return this.#byAddress.size;
  }

  /** The number of the relay that has the session of an address, or -1. */
  find(ip: AddressHandle, port: Port): number {
    return this.#at(ip, port)?.session.relay ?? -1;
  }

  /** A session that a relay has was proved from an address: the address is this session's now, whoever had it before. */
  add(sessionId: number, relay: number, ip: AddressHandle, port: Port): void {
    this.#book.retain(ip);
    this.remove(ip, port);
    const session = this.#sessions.get(sessionId) ?? { sessionId, relay, addresses: [] };
    this.#sessions.set(sessionId, session);
    session.relay = relay;
    const index = this.#freeIndexes.pop() ?? this.#addresses.length;
    const address = { session, index, ip, port };
    this.#addresses[index] = address;
    this.#byAddress.set(ip, port, 0, 0, index);
    session.addresses.push(address);
    if (session.addresses.length > MAX_ADDRESSES_PER_SESSION) this.#take(session.addresses[0]);
  }

  /** Forgets an address, if it is here. */
  remove(ip: AddressHandle, port: Port): void {
    const address = this.#at(ip, port);
    if (address !== undefined) this.#take(address);
  }

  /** Forgets a session, with the addresses that are its own. */
  forget(sessionId: number): void {
    const session = this.#sessions.get(sessionId);
    while (session !== undefined && session.addresses.length > 0) this.#take(session.addresses[0]);
  }

  #at(ip: AddressHandle, port: Port): ForwardedAddress | undefined {
    const index = this.#byAddress.get(ip, port, 0, 0);
    return index < 0 ? undefined : this.#addresses[index];
  }

  #take(address: ForwardedAddress): void {
    const { session, index, ip, port } = address;
    this.#byAddress.delete(ip, port, 0, 0);
    this.#addresses[index] = undefined;
    this.#freeIndexes.push(index);
    session.addresses.splice(session.addresses.indexOf(address), 1);
    this.#book.release(ip);
    if (session.addresses.length === 0) this.#sessions.delete(session.sessionId);
  }
}
