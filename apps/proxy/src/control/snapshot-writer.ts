import type { Logger } from 'pino';
import type { Client } from './client.ts';
import { returnMemory } from '../base/memory-return.ts';
import type { ClientRegistry } from './client-registry.ts';
import type { TakenSnapshots, WorkerSession } from '../supervisor/snapshots.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { ClientSnapshot } from '../state/snapshot-file.ts';
import type { StateFolder } from '../state/state-folder.ts';

/** After something that a restart must know has happened it is on disk within half a second: this, and the time that writing takes. */
export const LOOK_EVERY_MS = 200;
/** Counters of sessions move without news: looking for those that have moved far takes workers 20 nanoseconds a session. */
const LOOK_AT_ALL_EVERY_MS = 2_000;
const LOOK_AT_ALL_MS_PER_CLIENT = 1;
/** Writing so many leaves megabytes behind ({@link returnMemory}), once in ten seconds at most. */
const VERY_MANY_CLIENTS = 10_000;
const RETURN_EVERY_MS = 10_000;

type Registry = Pick<ClientRegistry, 'size' | 'hasChanged' | 'takeChanged' | 'get' | 'all' | 'secretOf' | 'addressOf'>;

const NO_SESSIONS: TakenSnapshots = { hasChanged: false, news: new Set(), find: () => undefined, all: [] };
const NO_RESUMES = Object.freeze({ highest: -1n, below: 0n });

/**
 * Keeps what is saved of registrations and their sessions up to date, so that a node that is killed can go on with them. What has
 * changed is added to a journal; everything is written anew only when that cannot be done.
 */
export class SnapshotWriter {
  readonly #folder: Pick<StateFolder, 'save' | 'add'>;
  readonly #registry: Registry;
  readonly #supervisor: Pick<Supervisor, 'takeSnapshots' | 'news'>;
  readonly #log: Logger;
  #lookedMs = performance.now();
  #returnedMs = Number.NEGATIVE_INFINITY;
  /** What {@link Supervisor.news} was at the last look. */
  #seenNews = 0;
  /** There is something to write in any case. */
  #isBehind = true;

  constructor(
    folder: Pick<StateFolder, 'save' | 'add'>,
    registry: Registry,
    supervisor: Pick<Supervisor, 'takeSnapshots' | 'news'>,
    log: Logger,
  ) {
    this.#folder = folder;
    this.#registry = registry;
    this.#supervisor = supervisor;
    this.#log = log;
  }

  /** To be called every {@link LOOK_EVERY_MS}. Nothing is written if nothing has changed that a restart must know. */
  async writeIfDue(nowMs: number): Promise<void> {
    const { news } = this.#supervisor;
    const everyMs = Math.max(LOOK_AT_ALL_EVERY_MS, this.#registry.size * LOOK_AT_ALL_MS_PER_CLIENT);
    const hasNews = news !== this.#seenNews || this.#registry.hasChanged;
    if (!hasNews && nowMs - this.#lookedMs < everyMs) return;
    this.#lookedMs = nowMs;
    this.#seenNews = news;
    const isAnybodyThere = this.#registry.size > 0;
    const sessions = isAnybodyThere ? await this.#supervisor.takeSnapshots() : NO_SESSIONS;
    const registered = this.#registry.takeChanged();
    if (!sessions.hasChanged && registered.size === 0 && !this.#isBehind) return;
    if (!(await this.#add(sessions, registered))) await this.#writeAll(sessions.all, nowMs);
  }

  /** @returns whether what has changed was added to what is saved. */
  async #add({ news, find }: TakenSnapshots, registered: ReadonlySet<number>): Promise<boolean> {
    if (this.#isBehind || news === undefined) return false;
    const changed = new Set([...registered, ...news]);
    const over = [...registered].filter((sessionId) => this.#registry.get(sessionId) === undefined);
    return this.#folder.add(this.#changes(changed, find), over);
  }

  async #writeAll(sessions: Iterable<WorkerSession>, nowMs: number): Promise<void> {
    this.#isBehind = !(await this.#folder.save(this.#snapshots(sessions)));
    if (this.#registry.size < VERY_MANY_CLIENTS || nowMs - this.#returnedMs < RETURN_EVERY_MS) return;
    this.#returnedMs = nowMs;
    await returnMemory('writing very many clients', this.#log);
  }

  /** Writes everything now. */
  async write(sessions: Iterable<WorkerSession>): Promise<void> {
    await this.#folder.save(this.#snapshots(sessions));
  }

  *#changes(sessionIds: Iterable<number>, sessionOf: TakenSnapshots['find']): Generator<ClientSnapshot> {
    for (const sessionId of sessionIds) {
      const client = this.#registry.get(sessionId);
      if (client !== undefined) yield this.#snapshotOf(client, sessionOf(sessionId));
    }
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
    const { sessionId, token, dialect, capabilities, protection, nonces, ticket, resumes } = client;
    return {
      sessionId,
      address: this.#registry.addressOf(client),
      token,
      dialect,
      capabilities,
      protection,
      secret: this.#registry.secretOf(client),
      ticket,
      resumes: resumes?.state ?? NO_RESUMES,
      nonces: one?.session.nonces ?? nonces,
      session: one?.session,
      worker: one?.worker ?? 0,
    };
  }
}
