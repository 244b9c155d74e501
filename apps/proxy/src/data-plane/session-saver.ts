import { serialize } from 'node:v8';
import { NOTHING_DUE, SOMETHING_DUE } from '@lightspeed/session';
import type { Relay, SavedSession } from '@lightspeed/session';
import type { FromWorker, SavedPart, SaveScope } from './messages.ts';

/** Packets wait while sessions are saved and packed for the main thread: 64 of them take less than half a millisecond. */
const PLACES_PER_STEP = 64;
/** Looking at one takes some 20 ns. */
const LOOKS_PER_STEP = 1_024;
export const NEXT_STEP_MS = 1;

interface Request {
  readonly request: number;
  readonly scope: SaveScope;
}

/** Tells the main thread of a worker's sessions, some at a time. */
export class SessionSaver {
  readonly #relay: Pick<Relay, 'saveSome' | 'saveChanged' | 'lookForDue'>;
  readonly #tell: (message: FromWorker) => void;
  /** Those that are not answered yet, the one under way first. */
  readonly #requests: Request[] = [];
  /** Where that one goes on. */
  #next = 0;
  /** Whether it is known that something has to be told. */
  #isWorthWhile = false;

  constructor(relay: Pick<Relay, 'saveSome' | 'saveChanged' | 'lookForDue'>, tell: (message: FromWorker) => void) {
    this.#relay = relay;
    this.#tell = tell;
  }

  /** Takes a request on, and does its first step if no other is under way. */
  save(request: number, scope: SaveScope): void {
    this.#requests.push({ request, scope });
    if (this.#requests.length === 1) this.advance();
  }

  /** Does the next step if there is one. @returns milliseconds until it wants to be called again, or `atMost`. */
  advance(atMost = NEXT_STEP_MS): number {
    if (this.#requests.length === 0) return atMost;
    const { scope } = this.#requests[0];
    if (scope === 'all') this.#saveSome();
    else if (this.#isWorthWhile) this.#saveChanged();
    else this.#look();
    return Math.min(atMost, NEXT_STEP_MS);
  }

  #look(): void {
    this.#next = this.#relay.lookForDue(this.#next, LOOKS_PER_STEP);
    if (this.#next === NOTHING_DUE) this.#tellOf([], true);
    if (this.#next !== SOMETHING_DUE) return;
    this.#isWorthWhile = true;
    this.#next = 0;
  }

  #saveSome(): void {
    const sessions: SavedSession[] = [];
    this.#next = this.#relay.saveSome(this.#next, PLACES_PER_STEP, sessions);
    this.#tellOf(sessions, this.#next < 0);
  }

  /** Passes over places without anything new quickly, but tells of no more sessions than {@link #saveSome}. */
  #saveChanged(): void {
    const sessions: SavedSession[] = [];
    let looks = 0;
    do {
      this.#next = this.#relay.saveChanged(this.#next, PLACES_PER_STEP, sessions);
      looks += PLACES_PER_STEP;
    } while (this.#next >= 0 && sessions.length === 0 && looks < LOOKS_PER_STEP);
    const isLast = this.#next < 0;
    if (isLast || sessions.length > 0) this.#tellOf(sessions, isLast);
  }

  #tellOf(sessions: readonly SavedSession[], isLast: boolean): void {
    const { request, scope } = this.#requests[0];
    this.#tell({ type: 'saved', request, part: partOf(sessions, scope, isLast) });
    if (!isLast) return;
    this.#requests.shift();
    this.#next = 0;
    this.#isWorthWhile = false;
  }
}

/** Packed here, so that the main thread need not look into it before it has to. */
export function partOf(sessions: readonly SavedSession[], scope: SaveScope, isLast: boolean): SavedPart {
  const sessionIds = Uint32Array.from(sessions, ({ sessionId }) => sessionId);
  return { sessions: sessions.length === 0 ? undefined : serialize(sessions), sessionIds, scope, isLast };
}
