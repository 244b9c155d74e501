import { ProofNonces, TokenTable } from '@lightspeed/security';
import type { Dialect } from '@lightspeed/wire';
import type { RelaySession } from './relay-session.ts';

/** What registration settles for a session, before any packet of it has come. */
export interface Registration {
  /** 32 bits, chosen by whoever registers. */
  readonly sessionId: number;
  /** The address from which the client registered. */
  readonly ip: number;
  readonly dialect: Dialect;
  /** 16 bytes shared with the client: what its proofs are made with. Without it only the token binds. */
  readonly secret?: Uint8Array | undefined;
  /** Its own limits in place of the relay's. */
  readonly maxPps?: number | undefined;
  readonly maxBps?: number | undefined;
}

/** A registration that is in force. */
export interface LiveRegistration extends Registration {
  readonly token: number;
  /** Which proofs were used already. */
  readonly nonces: ProofNonces;
}

/**
 * Registrations that wait for their session, and those that have one. A HANDSHAKE from the registration's address with
 * its token binds it (docs/protocol.md, Sessions), so that players behind one NAT don't get in each other's way.
 */
export class Registrations {
  readonly #tokens: TokenTable;
  readonly #byId = new Map<number, LiveRegistration>();
  readonly #sessions = new Map<number, RelaySession>();
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
    if (token > 0) this.#byId.set(registration.sessionId, { ...registration, token, nonces: new ProofNonces() });
    return token;
  }

  /** Ends a registration and frees its token. @returns whether it was there. */
  remove(sessionId: number): boolean {
    this.#tokens.release(sessionId);
    return this.#byId.delete(sessionId);
  }

  get(sessionId: number): LiveRegistration | undefined {
    return this.#byId.get(sessionId);
  }

  /** The registration of an address and token that is not bound yet. */
  match(ip: number, token: number): LiveRegistration | undefined {
    const id = this.#tokens.match(ip, token);
    return id < 0 ? undefined : this.#byId.get(id);
  }

  /** The session that a registration has, if any. */
  sessionOf(sessionId: number): RelaySession | undefined {
    return this.#sessions.get(sessionId);
  }

  /** A registration's session is there: its token matches no more. */
  bind(session: RelaySession): void {
    this.#tokens.bind(session.registrationId);
    this.#sessions.set(session.registrationId, session);
  }

  /** The session is over; the client may open another one. */
  unbind(session: RelaySession): void {
    this.#tokens.unbind(session.registrationId);
    this.#sessions.delete(session.registrationId);
  }
}
