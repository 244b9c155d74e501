import type { SavedSession } from '@lightspeed/session';

/**
 * A worker's sessions by id as they were last saved, for its successor. They come in parts: until the last one is there the
 * save before counts.
 */
export class SavedSessions {
  #whole = new Map<number, SavedSession>();
  #coming = new Map<number, SavedSession>();

  /** Takes a part. */
  take(sessions: Iterable<SavedSession>, isLast: boolean): void {
    for (const session of sessions) this.#coming.set(session.sessionId, session);
    if (!isLast) return;
    this.#whole = this.#coming;
    this.#coming = new Map();
  }

  /** The session is over. */
  delete(sessionId: number): void {
    this.#whole.delete(sessionId);
    this.#coming.delete(sessionId);
  }

  /** The rest of what was coming will not come. */
  giveUp(): void {
    this.#coming = new Map();
  }

  get all(): IterableIterator<SavedSession> {
    return this.#whole.values();
  }
}
