import type { SavedSession } from '@lightspeed/session';
import type { Parcels } from '../data-plane/parcels.ts';
import { look, pack } from '../data-plane/parcels.ts';

/** A session, with the number of the worker that has it. */
export interface SavedByWorker {
  readonly worker: number;
  readonly session: SavedSession;
}

/** What one save has told. */
class Save {
  readonly #parcels: Parcels<SavedSession> = [];
  /** In which parcel a session lies, by session id. What has ended, or came again later, is in none. */
  readonly #parcelOf = new Map<number, number>();

  add(sessions: readonly SavedSession[]): void {
    for (const parcel of pack(sessions)) {
      const number = this.#parcels.push(parcel) - 1;
      for (const { sessionId } of look(parcel)) this.#parcelOf.set(sessionId, number);
    }
  }

  delete(sessionId: number): void {
    this.#parcelOf.delete(sessionId);
  }

  *all(): Generator<SavedSession> {
    for (const [number, parcel] of this.#parcels.entries()) {
      for (const session of look(parcel)) if (this.#parcelOf.get(session.sessionId) === number) yield session;
    }
  }
}

/**
 * A worker's sessions as they were last saved, for its successor. They come in parts: until the last one is there the save
 * before counts. There may be very many, and they are looked at seldom, so they are kept packed: as objects they would take
 * the main thread more room than the sessions take the worker.
 */
export class SavedSessions {
  #whole = new Save();
  #coming = new Save();

  /** Takes a part. */
  take(sessions: readonly SavedSession[], isLast: boolean): void {
    this.#coming.add(sessions);
    if (!isLast) return;
    this.#whole = this.#coming;
    this.#coming = new Save();
  }

  /** The session is over. */
  delete(sessionId: number): void {
    this.#whole.delete(sessionId);
    this.#coming.delete(sessionId);
  }

  /** The rest of what was coming will not come. */
  giveUp(): void {
    this.#coming = new Save();
  }

  /** Unpacks them a few at a time. */
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

/** Those with these ids, by id. */
export function pickSaved(all: Iterable<SavedByWorker>, ids: ReadonlySet<number>): ReadonlyMap<number, SavedByWorker> {
  const picked = new Map<number, SavedByWorker>();
  for (const one of all) if (ids.has(one.session.sessionId)) picked.set(one.session.sessionId, one);
  return picked;
}
