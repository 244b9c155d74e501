import type { AddressHandle } from '@lightspeed/wire';

let lastId = 0;

/**
 * The IPv4 addresses of one game server, as int32 bit patterns: of a name there may be several, and others after a while. New
 * flows go to the one that has answered last, or that is tried next. At least one, always.
 */
export class ServerAddresses {
  /** Tells it from all others of this thread; from 1. */
  readonly id = ++lastId;
  /** For messages; empty if the server has no name. */
  readonly name: string;
  #ips: readonly AddressHandle[];
  #at = 0;

  constructor(name: string, ips: readonly AddressHandle[]) {
    this.name = name;
    this.#ips = ips.map((ip) => ip | 0);
  }

  /** Where new flows go. */
  get ip(): AddressHandle {
    return this.#ips[this.#at];
  }

  get count(): number {
    return this.#ips.length;
  }

  /** The name has these addresses now. One that is in use goes on being used if it is among them. */
  set(ips: readonly AddressHandle[]): void {
    const { ip } = this;
    this.#ips = ips.map((each) => each | 0);
    this.#at = Math.max(0, this.#ips.indexOf(ip));
  }

  /** The server has answered from that address. */
  answered(ip: AddressHandle): void {
    const at = this.#ips.indexOf(ip);
    if (at >= 0) this.#at = at;
  }

  /** The server does not answer at that address: new flows go to the next one, unless they do not go there any more anyway. */
  gaveUp(ip: AddressHandle): void {
    if (ip === this.ip) this.#at = (this.#at + 1) % this.#ips.length;
  }
}
