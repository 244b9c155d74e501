import type { Logger } from 'pino';
import type { Client } from '../control/client.ts';
import { returnMemory } from '../control/memory-return.ts';
import type { ClientRegistry } from '../control/client-registry.ts';
import type { SavedByWorker } from '../supervisor/saved-sessions.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { SavedClient } from './saved-state.ts';
import type { StateFolder } from './state-folder.ts';

/** A whole save takes main thread and workers some microseconds a session: the more there are, the less often. */
const SAVE_EVERY_MS = 2_000;
const SAVE_MS_PER_CLIENT = 1;
/** Saving so many leaves megabytes behind, once in ten seconds at most. */
const VERY_MANY_CLIENTS = 10_000;

const NO_RESUMES = Object.freeze({ highest: -1n, below: 0n });

/** Saves registrations and their sessions every now and then, so that a node that is killed can go on with them. */
export class SessionKeeper {
  readonly #folder: Pick<StateFolder, 'save'>;
  readonly #registry: Pick<ClientRegistry, 'size' | 'changes' | 'get' | 'all' | 'secretOf'>;
  readonly #supervisor: Pick<Supervisor, 'saveSessions'>;
  readonly #log: Logger;
  #lookedMs = performance.now();
  /** What {@link ClientRegistry.changes} was at the last save; -1 if there is something to save in any case. */
  #savedChanges = -1;

  constructor(
    folder: Pick<StateFolder, 'save'>,
    registry: Pick<ClientRegistry, 'size' | 'changes' | 'get' | 'all' | 'secretOf'>,
    supervisor: Pick<Supervisor, 'saveSessions'>,
    log: Logger,
  ) {
    this.#folder = folder;
    this.#registry = registry;
    this.#supervisor = supervisor;
    this.#log = log;
  }

  /** To be called often. Nothing is written if nothing has changed that a restart must know. */
  async saveIfDue(nowMs: number): Promise<void> {
    const everyMs = Math.max(SAVE_EVERY_MS, this.#registry.size * SAVE_MS_PER_CLIENT);
    if (nowMs - this.#lookedMs < everyMs) return;
    this.#lookedMs = nowMs;
    const isAnybodyThere = this.#registry.size > 0;
    const sessions = isAnybodyThere ? await this.#supervisor.saveSessions() : { hasChanged: false, all: [] };
    const { changes } = this.#registry;
    if (!sessions.hasChanged && changes === this.#savedChanges) return;
    this.#savedChanges = (await this.#folder.save(this.#savedClients(sessions.all))) ? changes : -1;
    if (this.#registry.size >= VERY_MANY_CLIENTS) await returnMemory('saving very many clients', this.#log);
  }

  /** Made one by one while they are written: as many objects at once would be more than the registrations themselves. */
  *#savedClients(sessions: Iterable<SavedByWorker>): Generator<SavedClient> {
    const bound = new Set<number>();
    for (const one of sessions) {
      const { sessionId } = one.session;
      const client = this.#registry.get(sessionId);
      if (client === undefined) continue;
      bound.add(sessionId);
      yield this.#savedClient(client, one);
    }
    for (const client of this.#registry.all) {
      if (!bound.has(client.sessionId)) yield this.#savedClient(client, undefined);
    }
  }

  #savedClient(client: Client, one: SavedByWorker | undefined): SavedClient {
    const { sessionId, ip, token, dialect, nonces, ticket, resumes } = client;
    return {
      sessionId,
      ip,
      token,
      dialect,
      secret: this.#registry.secretOf(client),
      ticket,
      resumes: resumes?.state ?? NO_RESUMES,
      nonces: one?.session.nonces ?? nonces,
      session: one?.session,
      worker: one?.worker ?? 0,
    };
  }
}
