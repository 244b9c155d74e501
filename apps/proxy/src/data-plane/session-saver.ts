import type { Relay, SavedSession } from '@lightspeed/session';
import type { FromWorker } from './messages.ts';

/** Packets wait while sessions are saved and copied for the main thread: 64 of them take less than half a millisecond. */
const PLACES_PER_STEP = 64;
export const NEXT_STEP_MS = 1;

/** Tells the main thread of a worker's sessions, some at a time. */
export class SessionSaver {
  readonly #relay: Pick<Relay, 'saveSome'>;
  readonly #tell: (message: FromWorker) => void;
  /** Requests that are not answered yet, the one under way first, and where that one goes on. */
  readonly #requests: number[] = [];
  #next = 0;

  constructor(relay: Pick<Relay, 'saveSome'>, tell: (message: FromWorker) => void) {
    this.#relay = relay;
    this.#tell = tell;
  }

  /** Takes a request on, and does its first step if no other is under way. */
  save(request: number): void {
    this.#requests.push(request);
    if (this.#requests.length === 1) this.advance();
  }

  /** Does the next step if there is one. @returns milliseconds until it wants to be called again, or `atMost`. */
  advance(atMost = NEXT_STEP_MS): number {
    if (this.#requests.length === 0) return atMost;
    const sessions: SavedSession[] = [];
    this.#next = this.#relay.saveSome(this.#next, PLACES_PER_STEP, sessions);
    const isLast = this.#next < 0;
    this.#tell({ type: 'saved', request: this.#requests[0], sessions, isLast });
    if (isLast) {
      this.#requests.shift();
      this.#next = 0;
    }
    return Math.min(atMost, NEXT_STEP_MS);
  }
}
