import { randomInt } from 'node:crypto';
import { KeyTable, SessionRecords, sessionIdsIn, sessionsIn } from '@lightspeed/session';
import type { SavedSession } from '@lightspeed/session';
import type { SavedPart } from '../data-plane/messages.ts';

/** A session, with the number of the worker that has it. */
export interface SavedByWorker {
  readonly worker: number;
  readonly session: SavedSession;
}

/** So many that were saved again, or have ended, may lie about recorded among few that count. */
const STALE_AT_LEAST = 1_024;

/** What one save has told, or several together. */
class Save {
  readonly #chunks: Int32Array[] = [];
  /** In which chunk a session lies, by session id. What has ended, or came again later, is in none. */
  readonly #chunkOf = new KeyTable(randomInt(2 ** 32), 0, 1);
  /** Those in chunks, whether they count or not. */
  #recorded = 0;

  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  /** Whether most of what lies here does not count any more. */
  get isMostlyStale(): boolean {
    return this.#recorded - this.#chunkOf.size > Math.max(STALE_AT_LEAST, this.#chunkOf.size);
  }

  add(records: Int32Array): void {
    if (records.length === 0) return;
    const number = this.#chunks.push(records) - 1;
    for (const sessionId of sessionIdsIn(records)) {
      this.#chunkOf.set(sessionId, 0, 0, 0, number);
      this.#recorded++;
    }
  }

  /** Puts on top what has come later. */
  addAll(later: Save): void {
    const before = this.#chunks.length;
    for (const chunk of later.#chunks) this.#chunks.push(chunk);
    for (const [number, chunk] of later.#chunks.entries()) {
      for (const sessionId of sessionIdsIn(chunk)) {
        if (later.#isIn(sessionId, number)) this.#chunkOf.set(sessionId, 0, 0, 0, before + number);
      }
    }
    this.#recorded += later.#recorded;
  }

  delete(sessionId: number): void {
    this.#chunkOf.delete(sessionId, 0, 0, 0);
  }

  #isIn(sessionId: number, chunk: number): boolean {
    return this.#chunkOf.get(sessionId, 0, 0, 0) === chunk;
  }

  *all(): Generator<SavedSession> {
    for (const [number, chunk] of this.#chunks.entries()) {
      for (const session of sessionsIn(chunk)) if (this.#isIn(session.sessionId, number)) yield session;
    }
  }
}

/**
 * A worker's sessions as they were last saved, for its successor. They come in parts: until the last one is there the
 * save before counts. There may be very many, and they are rarely read, so they are kept as records. As objects they
 * would take more room in the main thread than the sessions take in the worker.
 */
export class SavedSessions {
  #whole = new Save();
  #coming = new Save();
  #isOfEarlierThread = true;

  /** @param sessions what there is before the worker has told of anything. */
  constructor(sessions: readonly SavedSession[] = []) {
    const records = new SessionRecords();
    for (const session of sessions) records.add(session);
    this.#whole.add(records.take());
  }

  /** Whether the worker is to tell of all its sessions next time: what changes is not enough then. */
  get wantsAll(): boolean {
    return this.#isOfEarlierThread || this.#whole.isMostlyStale;
  }

  /** Takes a part. @returns whether sessions are saved now that were not before, or not so. */
  take(part: SavedPart): boolean {
    this.#coming.add(part.records);
    if (!part.isLast) return false;
    const came = this.#coming;
    this.#coming = new Save();
    if (part.scope === 'changed') {
      this.#whole.addAll(came);
      return !came.isEmpty;
    }
    this.#whole = came;
    this.#isOfEarlierThread = false;
    return true;
  }

  /** The session is over. */
  delete(sessionId: number): void {
    this.#whole.delete(sessionId);
    this.#coming.delete(sessionId);
  }

  /** The worker is gone: the rest of what was coming will not come, and its successor may not get everything back. */
  giveUp(): void {
    this.#coming = new Save();
    this.#isOfEarlierThread = true;
  }

  /** Made while they are looked at. */
  get all(): IterableIterator<SavedSession> {
    return this.#whole.all();
  }
}

/**
 * The sessions of several workers, made while they are looked at.
 * @param saved by worker.
 * @param workers those whose word counts for more come first, if two say that they have a session.
 * @param isWanted whether a session is to be among them, by its id.
 */
export function* eachOnce(
  saved: readonly SavedSessions[],
  workers: readonly number[],
  isWanted: (sessionId: number) => boolean,
): Generator<SavedByWorker> {
  const told = new Set<number>();
  for (const worker of workers) {
    for (const session of saved[worker].all) {
      if (told.has(session.sessionId) || !isWanted(session.sessionId)) continue;
      told.add(session.sessionId);
      yield { worker, session };
    }
  }
}
