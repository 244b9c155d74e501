import type { Client } from './client.ts';

/** How long sessions live after their control connection is lost (docs/protocol.md, Sessions). */
export class Grace {
  readonly #graceMs: number;
  readonly #sessionTimeoutMs: number;

  constructor(graceMs: number, sessionTimeoutMs: number) {
    this.#graceMs = graceMs;
    this.#sessionTimeoutMs = sessionTimeoutMs;
  }

  /** @param fellSilent whether the connection is lost because nothing has come by it for a grace or longer: that was the grace. */
  begin(client: Client, nowMs: number, fellSilent: boolean): void {
    client.link = undefined;
    client.sinceMs = Math.floor(nowMs);
    client.lookAtMs = Math.floor(fellSilent ? nowMs : nowMs + this.#graceMs);
  }

  isDue({ link, lookAtMs }: Client, nowMs: number): boolean {
    return link === undefined && nowMs >= lookAtMs;
  }

  /** Those of very many clients that are due: mostly none. */
  allDue(clients: Iterable<Client>, nowMs: number): Client[] {
    const due: Client[] = [];
    for (const client of clients) if (this.isDue(client, nowMs)) due.push(client);
    return due;
  }

  /**
   * Checks a client that is due. Its packets within the last grace give it another grace from the last one on. That goes on for as
   * long as a session may be silent in all.
   * @param idleMs for how long it has sent nothing; undefined if it has no session.
   * @returns whether its time is over.
   */
  isOver(client: Client, idleMs: number | undefined, nowMs: number): boolean {
    const silent = idleMs === undefined || idleMs >= this.#graceMs;
    if (silent || nowMs + this.#graceMs - client.sinceMs > this.#sessionTimeoutMs) return true;
    client.lookAtMs = Math.floor(nowMs + this.#graceMs - idleMs);
    return false;
  }
}
