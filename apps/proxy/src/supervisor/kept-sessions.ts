import type { SavedPart, SaveScope } from '../data-plane/messages.ts';
import { SavedSessions, eachOnce } from './saved-sessions.ts';
import type { SavedByWorker } from './saved-sessions.ts';

/** The sessions of registrations as the workers have saved them last. */
export class KeptSessions {
  /** By worker. */
  readonly #saved: readonly SavedSessions[];
  #hasChanged = false;

  /** @param outlived sessions of an earlier run, which may have had another number of workers. */
  constructor(workers: number, outlived: readonly SavedByWorker[]) {
    this.#saved = Array.from({ length: workers }, (_, index) => {
      return new SavedSessions(outlived.filter(({ worker }) => worker % workers === index).map(({ session }) => session));
    });
  }

  /** Those of one worker. */
  of(worker: number): SavedSessions {
    return this.#saved[worker];
  }

  /** What a worker is to be asked for. */
  scopeFor(worker: number): SaveScope {
    return this.#saved[worker].wantsAll ? 'all' : 'changed';
  }

  take(worker: number, part: SavedPart): void {
    if (this.#saved[worker].take(part)) this.#hasChanged = true;
  }

  /** A session is over. */
  delete(worker: number, sessionId: number): void {
    this.#saved[worker].delete(sessionId);
    this.#hasChanged = true;
  }

  /** Whether anything has changed since this was asked last. */
  haveChanged(): boolean {
    const hasChanged = this.#hasChanged;
    this.#hasChanged = false;
    return hasChanged;
  }

  /**
   * All of them, each once, made while they are looked at.
   * @param workers see {@link eachOnce}; so is `isWanted`.
   */
  all(workers: readonly number[], isWanted: (sessionId: number) => boolean): Iterable<SavedByWorker> {
    return eachOnce(this.#saved, workers, isWanted);
  }
}
