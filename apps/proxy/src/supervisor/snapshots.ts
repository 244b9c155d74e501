import { randomInt } from 'node:crypto';
import { KeyTable, SnapshotRecords, sessionIdsIn, snapshotIn, snapshotsIn } from '@lightspeed/session';
import type { SessionSnapshot } from '@lightspeed/session';
import type { SnapshotPart, SnapshotScope } from '../data-plane/messages.ts';

/** A session, with the number of the worker that has it. */
export interface WorkerSession {
  readonly worker: number;
  readonly session: SessionSnapshot;
}

/** What the workers have said of the sessions of registrations. */
export interface TakenSnapshots {
  readonly hasChanged: boolean;
  /** Ids of those that are not as they were when they were taken last, or over; undefined if any may be. */
  readonly news: ReadonlySet<number> | undefined;
  readonly find: (sessionId: number) => WorkerSession | undefined;
  /** All of them, each once, made while they are looked at. */
  readonly all: Iterable<WorkerSession>;
}

/** So many that came again, or have ended, may lie about recorded among few that count. */
const MIN_STALE = 1_024;

/** The snapshots of one round, or of several together. */
class Round {
  readonly #parts: Int32Array[] = [];
  /** In which part a session lies, by session id. What has ended, or came again later, is in none. */
  readonly #partOf = new KeyTable(randomInt(2 ** 32), 0, 1);
  /** Those in parts, whether they count or not. */
  #recorded = 0;

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  /** Whether most of what lies here does not count any more. */
  get isMostlyStale(): boolean {
    return this.#recorded - this.#partOf.size > Math.max(MIN_STALE, this.#partOf.size);
  }

  add(records: Int32Array): void {
    if (records.length === 0) return;
    const number = this.#parts.push(records) - 1;
    for (const sessionId of sessionIdsIn(records)) {
      this.#partOf.set(sessionId, 0, 0, 0, number);
      this.#recorded++;
    }
  }

  /** Puts on top what has come later. */
  addAll(later: Round): void {
    const before = this.#parts.length;
    for (const part of later.#parts) this.#parts.push(part);
    for (const [number, part] of later.#parts.entries()) {
      for (const sessionId of sessionIdsIn(part)) {
        if (later.#isIn(sessionId, number)) this.#partOf.set(sessionId, 0, 0, 0, before + number);
      }
    }
    this.#recorded += later.#recorded;
  }

  find(sessionId: number): SessionSnapshot | undefined {
    const part = this.#partOf.get(sessionId, 0, 0, 0);
    return part < 0 ? undefined : snapshotIn(this.#parts[part], sessionId);
  }

  /** Of all that has been recorded, whether it counts or not. */
  *ids(): Generator<number> {
    for (const part of this.#parts) yield* sessionIdsIn(part);
  }

  delete(sessionId: number): void {
    this.#partOf.delete(sessionId, 0, 0, 0);
  }

  #isIn(sessionId: number, part: number): boolean {
    return this.#partOf.get(sessionId, 0, 0, 0) === part;
  }

  *all(): Generator<SessionSnapshot> {
    for (const [number, part] of this.#parts.entries()) {
      for (const session of snapshotsIn(part)) if (this.#isIn(session.sessionId, number)) yield session;
    }
  }
}

/**
 * The last snapshots of a worker's sessions, for its successor. They come in parts: until the last one is there the round
 * before counts. There may be very many, and they are looked at seldom, so they are kept as records. As objects they
 * would take the main thread more room than the sessions take the worker.
 */
export class WorkerSnapshots {
  #whole = new Round();
  #coming = new Round();
  #isOfEarlierThread = true;
  /** Ids of the sessions that are not as they were at the last {@link takeNews}; undefined if any may be another. */
  #news: Set<number> | undefined;

  /** @param sessions what there is before the worker has told of anything. */
  constructor(sessions: readonly SessionSnapshot[] = []) {
    this.#whole.add(recordsOf(sessions));
  }

  /** Whether the worker is to tell of all its sessions next time: what changes is not enough then. */
  get wantsAll(): boolean {
    return this.#isOfEarlierThread || this.#whole.isMostlyStale;
  }

  /** Takes a part. @returns whether there are snapshots now that there were not before, or not so. */
  take(part: SnapshotPart): boolean {
    this.#coming.add(part.records);
    if (!part.isLast) return false;
    const came = this.#coming;
    this.#coming = new Round();
    if (part.scope === 'changed') {
      this.#whole.addAll(came);
      for (const sessionId of came.ids()) this.#news?.add(sessionId);
      return !came.isEmpty;
    }
    this.#whole = came;
    this.#news = undefined;
    this.#isOfEarlierThread = false;
    return true;
  }

  /** The session is over. */
  delete(sessionId: number): void {
    this.#whole.delete(sessionId);
    this.#coming.delete(sessionId);
    this.#news?.add(sessionId);
  }

  find(sessionId: number): SessionSnapshot | undefined {
    return this.#whole.find(sessionId);
  }

  /** Ids of sessions that are not as they were when this was called last, or over; undefined if any may be. */
  takeNews(): ReadonlySet<number> | undefined {
    const news = this.#news;
    this.#news = new Set();
    return news;
  }

  /** The worker is gone: the rest of what was coming will not come, and its successor may not get everything back. */
  giveUp(): void {
    this.#coming = new Round();
    this.#isOfEarlierThread = true;
  }

  /** Made while they are looked at. */
  get all(): IterableIterator<SessionSnapshot> {
    return this.#whole.all();
  }

  /** All of them as records, for a thread that starts. */
  get records(): Int32Array<ArrayBuffer> {
    return recordsOf(this.all);
  }
}

/** The last snapshots of all workers' sessions. */
export class NodeSnapshots {
  readonly #workers: readonly WorkerSnapshots[];
  #hasChanged = false;

  /** @param outlived sessions of an earlier run, which may have had another number of workers. */
  constructor(workers: number, outlived: readonly WorkerSession[]) {
    this.#workers = Array.from({ length: workers }, (_, index) => {
      return new WorkerSnapshots(outlived.filter(({ worker }) => worker % workers === index).map(({ session }) => session));
    });
  }

  /** Those of one worker. */
  of(worker: number): WorkerSnapshots {
    return this.#workers[worker];
  }

  /** What a worker is to be asked for. */
  scopeFor(worker: number): SnapshotScope {
    return this.#workers[worker].wantsAll ? 'all' : 'changed';
  }

  take(worker: number, part: SnapshotPart): void {
    if (this.#workers[worker].take(part)) this.#hasChanged = true;
  }

  /** A session is over. */
  delete(worker: number, sessionId: number): void {
    this.#workers[worker].delete(sessionId);
    this.#hasChanged = true;
  }

  /** Whether anything has changed since this was asked last. */
  haveChanged(): boolean {
    const hasChanged = this.#hasChanged;
    this.#hasChanged = false;
    return hasChanged;
  }

  /** Ids of sessions that are not as they were when this was called last, or over; undefined if any may be. */
  takeNews(): ReadonlySet<number> | undefined {
    const byWorker = this.#workers.map((worker) => worker.takeNews());
    const news = new Set<number>();
    for (const ofWorker of byWorker) {
      if (ofWorker === undefined) return undefined;
      for (const sessionId of ofWorker) news.add(sessionId);
    }
    return news;
  }

  /** The session with this id; of two that say that they have it, any. */
  find(sessionId: number): WorkerSession | undefined {
    for (const [worker, snapshots] of this.#workers.entries()) {
      const session = snapshots.find(sessionId);
      if (session !== undefined) return { worker, session };
    }
    return undefined;
  }

  /**
   * The sessions of all workers, each once, made while they are looked at.
   * @param workers those whose word counts for more come first, if two say that they have a session.
   * @param isWanted whether a session is to be among them, by its id.
   */
  *all(workers: readonly number[], isWanted: (sessionId: number) => boolean): Generator<WorkerSession> {
    const told = new Set<number>();
    for (const worker of workers) {
      for (const session of this.#workers[worker].all) {
        if (told.has(session.sessionId) || !isWanted(session.sessionId)) continue;
        told.add(session.sessionId);
        yield { worker, session };
      }
    }
  }
}

function recordsOf(sessions: Iterable<SessionSnapshot>): Int32Array<ArrayBuffer> {
  const records = new SnapshotRecords();
  for (const session of sessions) records.add(session);
  return records.take();
}
