import type { Logger } from 'pino';
import type { Client } from './client.ts';
import { returnMemory } from '../base/memory-return.ts';
import type { ClientRegistry } from './client-registry.ts';
import type { WorkerSession } from '../supervisor/snapshots.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { ClientSnapshot } from '../state/snapshot-file.ts';
import type { StateFolder } from '../state/state-folder.ts';

/** Writing all takes main thread and workers some microseconds a session: the more there are, the less often. */
const WRITE_EVERY_MS = 2_000;
const WRITE_MS_PER_CLIENT = 1;
/** Writing so many leaves megabytes behind ({@link returnMemory}), once in ten seconds at most. */
const VERY_MANY_CLIENTS = 10_000;

const NO_RESUMES = Object.freeze({ highest: -1n, below: 0n });

/** Writes snapshots of registrations and their sessions every now and then, so that a node that is killed can go on with them. */
export class SnapshotWriter {
  readonly #folder: Pick<StateFolder, 'save'>;
  readonly #registry: Pick<ClientRegistry, 'size' | 'changes' | 'get' | 'all' | 'secretOf' | 'addressOf'>;
  readonly #supervisor: Pick<Supervisor, 'takeSnapshots'>;
  readonly #log: Logger;
  #lookedMs = performance.now();
  /** What {@link ClientRegistry.changes} was when it was last written; -1 if there is something to write in any case. */
  #writtenChanges = -1;

  constructor(
    folder: Pick<StateFolder, 'save'>,
    registry: Pick<ClientRegistry, 'size' | 'changes' | 'get' | 'all' | 'secretOf' | 'addressOf'>,
    supervisor: Pick<Supervisor, 'takeSnapshots'>,
    log: Logger,
  ) {
    this.#folder = folder;
    this.#registry = registry;
    this.#supervisor = supervisor;
    this.#log = log;
  }

  /** To be called often. Nothing is written if nothing has changed that a restart must know. */
  async writeIfDue(nowMs: number): Promise<void> {
    const everyMs = Math.max(WRITE_EVERY_MS, this.#registry.size * WRITE_MS_PER_CLIENT);
    if (nowMs - this.#lookedMs < everyMs) return;
    this.#lookedMs = nowMs;
    const isAnybodyThere = this.#registry.size > 0;
    const sessions = isAnybodyThere ? await this.#supervisor.takeSnapshots() : { hasChanged: false, all: [] };
    const { changes } = this.#registry;
    if (!sessions.hasChanged && changes === this.#writtenChanges) return;
    this.#writtenChanges = (await this.#folder.save(this.#snapshots(sessions.all))) ? changes : -1;
    if (this.#registry.size >= VERY_MANY_CLIENTS) await returnMemory('writing very many clients', this.#log);
  }

  /** Writes everything now. */
  async write(sessions: Iterable<WorkerSession>): Promise<void> {
    await this.#folder.save(this.#snapshots(sessions));
  }

  /** Made one by one while they are written: as many objects at once would be more than the registrations themselves. */
  *#snapshots(sessions: Iterable<WorkerSession>): Generator<ClientSnapshot> {
    const bound = new Set<number>();
    for (const one of sessions) {
      const { sessionId } = one.session;
      const client = this.#registry.get(sessionId);
      if (client === undefined) continue;
      bound.add(sessionId);
      yield this.#snapshotOf(client, one);
    }
    for (const client of this.#registry.all) {
      if (!bound.has(client.sessionId)) yield this.#snapshotOf(client, undefined);
    }
  }

  #snapshotOf(client: Client, one: WorkerSession | undefined): ClientSnapshot {
    const { sessionId, token, dialect, nonces, ticket, resumes } = client;
    return {
      sessionId,
      address: this.#registry.addressOf(client),
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
