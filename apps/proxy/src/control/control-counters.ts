/** What the control plane has done since it was started. */
export class ControlCounters {
  /** Clients that were let in. */
  accepted = 0;
  /** Clients that got their session back. */
  resumed = 0;
  /** Sessions that ended because their ticket did not count any more. */
  expired = 0;
  /** Registrations that ended because their account was banned. */
  banned = 0;
  /** Registrations that ended because the client did not come back. */
  abandoned = 0;
  /** Reports that were sent to clients. */
  reports = 0;
  /** Registrations that ended because the client did not answer, and another one with its ticket came. */
  displaced = 0;
  readonly #refused = new Map<string, number>();

  refuse(code: string): void {
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
  }

  /** Clients that were not let in, by why: the codes of tickets, `node_full`, `address_full`, `closed`, `draining`, `banned`. */
  get refused(): ReadonlyMap<string, number> {
    return this.#refused;
  }
}
