import { TokenTable } from '@lightspeed/security';
import type { Dialect } from '@lightspeed/wire';

/** What registration settles for a session, before any packet of it has come. */
export interface Registration {
  /** 32 bits, chosen by whoever registers. */
  readonly sessionId: number;
  /** The address from which the client registered. */
  readonly ip: number;
  readonly dialect: Dialect;
}

/**
 * Registrations that wait for their session, and those that have one. A HANDSHAKE from the registration's address with
 * its token binds it (docs/protocol.md, Sessions), so that players behind one NAT don't get in each other's way.
 */
export class Registrations {
  readonly #tokens: TokenTable;
  readonly #byId = new Map<number, Registration>();
  readonly #fraction: () => number;

  constructor(capacity: number, random: () => number) {
    this.#tokens = new TokenTable({ capacity, hashSeed: random() | 0 });
    this.#fraction = () => (random() >>> 0) / 2 ** 32;
  }

  get size(): number {
    return this.#byId.size;
  }

  /**
   * Registers a client.
   * @returns its token, 1 to 255, or -1 if there is none left for its address.
   */
  add(registration: Registration): number {
    const token = this.#tokens.issue(registration.sessionId, registration.ip, this.#fraction);
    if (token > 0) this.#byId.set(registration.sessionId, registration);
    return token;
  }

  /** Ends a registration and frees its token. @returns whether it was there. */
  remove(sessionId: number): boolean {
    this.#tokens.release(sessionId);
    return this.#byId.delete(sessionId);
  }

  /** The registration of an address and token that is not bound yet. */
  match(ip: number, token: number): Registration | undefined {
    const id = this.#tokens.match(ip, token);
    return id < 0 ? undefined : this.#byId.get(id);
  }

  bind(sessionId: number): void {
    this.#tokens.bind(sessionId);
  }

  unbind(sessionId: number): void {
    this.#tokens.unbind(sessionId);
  }
}
