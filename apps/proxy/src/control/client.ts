import type { DisconnectReason, OutgoingMessage } from '@lightspeed/control';
import type { ProofNonces, ProofNoncesState } from '@lightspeed/security';
import type { Dialect, SocketAddress } from '@lightspeed/wire';

/** The control connection of a client, as the registry sees it. */
export interface ClientLink {
  /** Sends on the stream that the client registered on; what cannot be sent any more is lost. */
  send(message: OutgoingMessage): void;
  /** Asks whether the client is there. @returns whether anything has come from it within that time. */
  answers(withinMs: number): Promise<boolean>;
  /** Says why, and closes. @param code the reason for programs. */
  dismiss(reason: DisconnectReason, text: string, code?: string): Promise<void>;
}

/** The two ends of a control connection. */
export interface ConnectionEnds {
  /** The client, as the node sees it. */
  readonly peer: SocketAddress;
  /** The node's own address, as far as the node knows. */
  readonly local: SocketAddress;
}

/** What is settled when a client registers, and stays. */
export interface ClientTerms {
  /** 32 bits, unsigned. */
  readonly sessionId: number;
  /** Its place in the memory of the workers' claims. */
  readonly index: number;
  /** The prefix of the address that it registered from: an IPv4 address is (0, its bits), an IPv6 address its /64. Signed. */
  readonly prefixHigh: number;
  readonly prefixLow: number;
  readonly token: number;
  readonly dialect: Dialect;
  /** Bits of the capabilities that it and the node have. */
  readonly capabilities: number;
  /** What it and the node have agreed on for protection, see `packTerms`; 0 for nothing. It changes when the client registers again. */
  readonly protection: number;
  /** As it came with the Register. */
  readonly ticket: Uint8Array | undefined;
  /** Its own limits in place of the node's. */
  readonly maxPps: number | undefined;
  readonly maxBps: number | undefined;
}

/**
 * A client that is registered. There may be very many, so its numbers are of those that V8 keeps without an object for
 * each: signed, and whole. Its secret is with the `ClientRegistry` (ADR 22).
 */
export class Client implements ClientTerms {
  readonly #id: number;
  readonly prefixHigh: number;
  readonly prefixLow: number;
  readonly index: number;
  readonly token: number;
  readonly dialect: Dialect;
  readonly capabilities: number;
  protection: number;
  readonly ticket: Uint8Array | undefined;
  readonly maxPps: number | undefined;
  readonly maxBps: number | undefined;
  /** Which proofs its session has used, as a worker told that lost it; undefined before. */
  nonces: ProofNoncesState | undefined;
  /** Which resumes were used already; undefined before the first. */
  resumes: ProofNonces | undefined;
  /** Undefined while the control connection is lost. */
  link: ClientLink | undefined;
  /** Settles when every worker knows it; undefined once they do. */
  known: Promise<void> | undefined;
  /**
   * Since when it has its control connection, or has none, and when it is then to be looked at again. Whole milliseconds of
   * `performance.now`.
   */
  sinceMs = 0;
  lookAtMs = 0;

  constructor(terms: ClientTerms, link: ClientLink | undefined) {
    this.#id = terms.sessionId | 0;
    this.prefixHigh = terms.prefixHigh | 0;
    this.prefixLow = terms.prefixLow | 0;
    this.index = terms.index;
    this.token = terms.token;
    this.dialect = terms.dialect;
    this.capabilities = terms.capabilities;
    this.protection = terms.protection;
    this.ticket = terms.ticket;
    this.maxPps = terms.maxPps;
    this.maxBps = terms.maxBps;
    this.link = link;
  }

  get sessionId(): number {
    return this.#id >>> 0;
  }
}

/** Why a Register was not accepted. */
export interface RegisterRefusal {
  readonly type: 'refused';
  readonly reason: DisconnectReason;
  /** For people. */
  readonly text: string;
  /** For counters and programs. */
  readonly code: string;
  /** Whose sessions keep the client out: those of its own ticket, if these are too many. */
  readonly rivals?: { readonly ticketId: string; readonly sessions: readonly Client[] };
}

/** A client whose Register was accepted. */
export interface RegisteredLink {
  readonly type: 'registered';
  readonly client: Client;
  /** Whether it was not there before. */
  readonly isNew: boolean;
  /** Whether limits have counted nothing for its account lately, or for another session of it. */
  readonly isFresh: boolean;
  /** The connection that it had until now, if it has resumed. */
  readonly before: ClientLink | undefined;
}
