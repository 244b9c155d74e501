import { ProofNonces } from '@lightspeed/security';
import type { ProofNoncesState } from '@lightspeed/security';
import type { Dialect } from '@lightspeed/wire';
import { KeyTable } from '../key-table.ts';
import type { RelaySession } from './relay-session.ts';

/** What registration settles for a session, before any packet of it has come. */
export interface Registration {
  /** 32 bits, unsigned, chosen by whoever registers. */
  readonly sessionId: number;
  /** The address from which the client registered. */
  readonly ip: number;
  /** 1 to 255, distinct among the live registrations of `ip`; a `TokenTable` of @lightspeed/security gives such ones. */
  readonly token: number;
  readonly dialect: Dialect;
  /** 16 bytes shared with the client: what its proofs are made with. Without it only the token binds. */
  readonly secret?: Uint8Array | undefined;
  /** Which proofs were used before, if the registration has outlived a relay. */
  readonly nonces?: ProofNoncesState | undefined;
  /** Its own limits in place of the relay's. */
  readonly maxPps?: number | undefined;
  readonly maxBps?: number | undefined;
}

/** A registration in force. */
export interface LiveRegistration {
  readonly registration: Registration;
  /** Which proofs were used already. */
  nonces: ProofNonces;
  /** The session that it has, if any. */
  session: RelaySession | null;
}

/**
 * Registrations that wait for their session, and those that have one. A HANDSHAKE from the registration's address with
 * its token binds it (docs/protocol.md, Sessions), so that players behind one NAT don't get in each other's way.
 */
export class Registrations {
  readonly #byId = new Map<number, LiveRegistration>();
  /** Positions in `#entries` by address and token. */
  readonly #byToken: KeyTable;
  readonly #entries: (LiveRegistration | undefined)[] = [];
  readonly #freeEntries: number[] = [];

  constructor(random: () => number) {
    this.#byToken = new KeyTable(random());
  }

  get size(): number {
    return this.#byId.size;
  }

  /** @returns false if the session id, or the token at that address, is taken already. */
  add(registration: Registration): boolean {
    const { sessionId, ip, token } = registration;
    if (this.#byId.has(sessionId) || this.#byToken.get(ip, token, 0, 0) >= 0) return false;
    const live = { registration, nonces: new ProofNonces(registration.nonces), session: null };
    this.#byId.set(sessionId, live);
    const entry = this.#freeEntries.pop() ?? this.#entries.length;
    this.#entries[entry] = live;
    this.#byToken.set(ip, token, 0, 0, entry);
    return true;
  }

  /** Ends a registration. @returns whether it was there. */
  remove(sessionId: number): boolean {
    const live = this.#byId.get(sessionId);
    if (live === undefined) return false;
    const { ip, token } = live.registration;
    const entry = this.#byToken.get(ip, token, 0, 0);
    this.#byToken.delete(ip, token, 0, 0);
    this.#entries[entry] = undefined;
    this.#freeEntries.push(entry);
    return this.#byId.delete(sessionId);
  }

  get(sessionId: number): LiveRegistration | undefined {
    return this.#byId.get(sessionId);
  }

  /** The registration of an address and token that has no session yet. */
  match(ip: number, token: number): LiveRegistration | undefined {
    const entry = this.#byToken.get(ip, token, 0, 0);
    const live = entry < 0 ? undefined : this.#entries[entry];
    return live?.session === null ? live : undefined;
  }
}
