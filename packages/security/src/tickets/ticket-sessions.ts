import { MAX_CAPACITY, requireInteger } from '../option-ranges.ts';
import { SecurityError } from '../security-error.ts';
import type { Ticket } from './ticket.ts';
import { refuseTicket } from './ticket-refusal.ts';
import type { TicketRefusal } from './ticket-refusal.ts';

/** A player has few sessions at once: one at each node, and one more while a path or a machine changes. */
export const DEFAULT_MAX_SESSIONS = 8;

/** How many sessions tickets may open at once. */
export interface TicketSessionsOptions {
  /** Sessions held at once, those of all tickets together. */
  readonly capacity: number;
  /** Sessions at once of a ticket that does not say; 0, the default, is no limit but `capacity`. A node uses {@link DEFAULT_MAX_SESSIONS}. */
  readonly defaultMaxSessions?: number;
}

/** A session that has to end because its ticket does not count any more. */
export interface ExpiredSession {
  readonly sessionId: number;
  readonly refusal: TicketRefusal;
}

interface Holder {
  readonly ticket: Ticket;
  readonly sessionIds: Set<number>;
}

/**
 * Which sessions live by which ticket: keeps each ticket to its `maxSessions`, and finds the sessions to end when a ticket
 * expires or is revoked. Memory is bounded by `capacity`: a ticket without a session is not remembered. For the control
 * plane, not for the packet path.
 */
export class TicketSessions {
  readonly #capacity: number;
  readonly #defaultMaxSessions: number;
  readonly #holders: Map<string, Holder>;
  readonly #bySession: Map<number, Holder>;

  /** @throws {SecurityError} `ERR_SECURITY_OPTION_RANGE` */
  constructor(options: TicketSessionsOptions) {
    this.#capacity = requireInteger('capacity', options.capacity, 1, MAX_CAPACITY);
    this.#defaultMaxSessions = requireInteger('defaultMaxSessions', options.defaultMaxSessions ?? 0, 0, 0xffff_ffff);
    this.#holders = new Map();
    this.#bySession = new Map();
  }

  /** Live sessions. */
  get size(): number {
    return this.#bySession.size;
  }

  /** Live sessions of one ticket. */
  count(ticketId: string): number {
    return this.#holders.get(ticketId)?.sessionIds.size ?? 0;
  }

  /** Ids of the live sessions of one ticket, the oldest first. */
  sessionsOf(ticketId: string): readonly number[] {
    return [...(this.#holders.get(ticketId)?.sessionIds ?? [])];
  }

  /** The ticket that a session lives by. */
  ticketOf(sessionId: number): Ticket | undefined {
    return this.#bySession.get(sessionId)?.ticket;
  }

  /**
   * Lets a ticket have one session more.
   *
   * @param ticket - one that a `TicketVerifier` has let through.
   * @param isHeld - whether the session was open before a restart: the default does not refuse it.
   * @returns undefined if the session is counted now, or else `too_many_sessions` or `node_full`.
   * @throws {SecurityError} `ERR_SECURITY_REGISTRATION_EXISTS` if the session id is live.
   */
  open(ticket: Ticket, sessionId: number, isHeld = false): TicketRefusal | undefined {
    if (this.#bySession.has(sessionId)) {
      throw new SecurityError('ERR_SECURITY_REGISTRATION_EXISTS', `session ${sessionId} lives by a ticket already`);
    }
    const known = this.#holders.get(ticket.id);
    const ownDefault = isHeld ? 0 : this.#defaultMaxSessions;
    const maxSessions = ticket.maxSessions === 0 ? ownDefault : ticket.maxSessions;
    if (maxSessions !== 0 && known !== undefined && known.sessionIds.size >= maxSessions) {
      return refuseTicket('too_many_sessions');
    }
    if (this.#bySession.size >= this.#capacity) return refuseTicket('node_full');
    const holder = known ?? { ticket, sessionIds: new Set() };
    if (known === undefined) this.#holders.set(ticket.id, holder);
    holder.sessionIds.add(sessionId);
    this.#bySession.set(sessionId, holder);
    return undefined;
  }

  /** A session is over. @returns false if it was not live. */
  close(sessionId: number): boolean {
    const holder = this.#bySession.get(sessionId);
    if (holder === undefined) return false;
    this.#bySession.delete(sessionId);
    holder.sessionIds.delete(sessionId);
    if (holder.sessionIds.size === 0) this.#holders.delete(holder.ticket.id);
    return true;
  }

  /**
   * The sessions whose ticket has expired or was revoked. They stay counted until {@link close}. Looks at every ticket
   * with a session: for once a second or so, and after the revocation list was read.
   *
   * @param nowSeconds - seconds since 1970-01-01 UTC.
   */
  expired(nowSeconds: number, revocations: ReadonlySet<string>): readonly ExpiredSession[] {
    const ended: ExpiredSession[] = [];
    for (const { ticket, sessionIds } of this.#holders.values()) {
      const expired = !(nowSeconds < ticket.expiresAt);
      if (!expired && !revocations.has(ticket.id)) continue;
      const refusal = refuseTicket(expired ? 'expired' : 'revoked');
      for (const sessionId of sessionIds) ended.push({ sessionId, refusal });
    }
    return ended;
  }
}
