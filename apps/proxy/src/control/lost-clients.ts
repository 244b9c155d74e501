import type { NodeConfig } from '../config/node-config.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { Client } from './client.ts';
import type { ClientRegistry } from './client-registry.ts';
import { Grace } from './grace.ts';
import { KEEPALIVE_MS } from './messages.ts';

/** Whoever has neither a control connection nor said anything for so long is gone: two keepalives are missing. */
export const GONE_MS = 2 * KEEPALIVE_MS;

type GraceTimes = Pick<NodeConfig, 'graceSecs' | 'sessionTimeoutSecs'>;

/** Clients without a control connection: how long they are waited for. */
export class LostClients {
  #grace: Grace;
  readonly #registry: Pick<ClientRegistry, 'all'>;
  readonly #supervisor: Pick<Supervisor, 'claims' | 'idleMsOf'>;
  readonly #end: (client: Client) => void;

  /** @param end called for each client whose time is over. */
  constructor(
    times: GraceTimes,
    registry: Pick<ClientRegistry, 'all'>,
    supervisor: Pick<Supervisor, 'claims' | 'idleMsOf'>,
    end: (client: Client) => void,
  ) {
    this.#grace = graceOf(times);
    this.#registry = registry;
    this.#supervisor = supervisor;
    this.#end = end;
  }

  /** Clients that are waited for already are waited for as long as they were to be. */
  setTimes(times: GraceTimes): void {
    this.#grace = graceOf(times);
  }

  /** A client has lost its connection. @param fellSilent whether nothing had come by it for long. */
  begin(client: Client, fellSilent: boolean): void {
    this.#grace.begin(client, performance.now(), fellSilent);
  }

  /** To be called now and then: ends the clients whose time is over. */
  async endDue(): Promise<void> {
    const due = this.#grace.allDue(this.#registry.all, performance.now());
    if (due.length === 0) return;
    const idleMs = await this.#idleMsOf(due.filter((client) => this.#isBound(client)));
    const nowMs = performance.now();
    for (const client of due) {
      // It may have come back meanwhile.
      if (!this.#grace.isDue(client, nowMs)) continue;
      // A worker that does not answer may be busy with its packets.
      const silentMs = this.#isBound(client) ? (idleMs.get(client.sessionId) ?? 0) : undefined;
      if (this.#grace.isOver(client, silentMs, nowMs)) this.#end(client);
    }
  }

  /** How many clients have a session. */
  get bound(): number {
    let bound = 0;
    for (const client of this.#registry.all) if (this.#isBound(client)) bound++;
    return bound;
  }

  /** How many clients with a session are there still: they have a control connection, or were heard lately. */
  async countPresent(): Promise<number> {
    const bound = [...this.#registry.all].filter((client) => this.#isBound(client));
    const silent = bound.filter(({ link }) => link === undefined);
    const idleMs = await this.#idleMsOf(silent);
    return bound.length - silent.filter(({ sessionId }) => (idleMs.get(sessionId) ?? 0) >= GONE_MS).length;
  }

  async #idleMsOf(clients: readonly Client[]): Promise<ReadonlyMap<number, number>> {
    return clients.length === 0 ? new Map() : this.#supervisor.idleMsOf(clients.map(({ sessionId }) => sessionId));
  }

  #isBound({ index }: Client): boolean {
    return this.#supervisor.claims.isClaimed(index);
  }
}

function graceOf({ graceSecs, sessionTimeoutSecs }: GraceTimes): Grace {
  return new Grace(graceSecs * 1_000, sessionTimeoutSecs * 1_000);
}
