import { NOTHING_DUE, SOMETHING_DUE, SnapshotRecords } from '@lightspeed/session';
import type { RelaySnapshots } from '@lightspeed/session';
import type { FromWorker, SnapshotScope } from './messages.ts';

/** Packets wait while sessions are recorded for the main thread: 64 of them take less than half a millisecond. */
const PLACES_PER_STEP = 64;
/** Looking at one takes some 20 ns. */
const LOOKS_PER_STEP = 1_024;
/** Pause between two steps of a long look through sessions, so that packets go between them. */
export const NEXT_STEP_MS = 1;

/** The number of a request that nobody has made. */
const UNASKED = -1;

interface Request {
  readonly request: number;
  readonly scope: SnapshotScope;
}

/** Where the snapshots come from. */
export type SnapshotSource = Pick<RelaySnapshots, 'takeSome' | 'takeChanged' | 'lookForDue'>;

/** Tells the main thread of a worker's sessions, some at a time. */
export class SnapshotTeller {
  readonly #source: SnapshotSource;
  readonly #tell: (message: FromWorker) => void;
  /** Those that are not answered yet, the one under way first. */
  readonly #requests: Request[] = [];
  /** Where that one goes on. */
  #next = 0;
  /** Of the step under way. As objects, sessions would leave a worker with garbage that it does not collect for days. */
  readonly #records = new SnapshotRecords();
  /** Whether it is known that something has to be told. */
  #isWorthWhile = false;

  constructor(source: SnapshotSource, tell: (message: FromWorker) => void) {
    this.#source = source;
    this.#tell = tell;
  }

  /** Takes a request on, and does its first step if no other is under way. */
  take(request: number, scope: SnapshotScope): void {
    this.#requests.push({ request, scope });
    if (this.#requests.length === 1) this.advance();
  }

  /** Tells of all sessions at once. What was asked for before is answered by that, as far as it counts. */
  tellAll(): void {
    this.#requests.length = 0;
    this.#next = 0;
    this.#requests.push({ request: UNASKED, scope: 'all' });
    while (this.#requests.length > 0) this.#takeSome();
  }

  /** Does the next step if there is one. @returns milliseconds until it wants to be called again, or `atMost`. */
  advance(atMost = NEXT_STEP_MS): number {
    if (this.#requests.length === 0) return atMost;
    const { scope } = this.#requests[0];
    if (scope === 'all') this.#takeSome();
    else if (this.#isWorthWhile) this.#takeChanged();
    else this.#look();
    return Math.min(atMost, NEXT_STEP_MS);
  }

  #look(): void {
    this.#next = this.#source.lookForDue(this.#next, LOOKS_PER_STEP);
    if (this.#next === NOTHING_DUE) this.#tellOfRecords(true);
    if (this.#next !== SOMETHING_DUE) return;
    this.#isWorthWhile = true;
    this.#next = 0;
  }

  #takeSome(): void {
    this.#next = this.#source.takeSome(this.#next, PLACES_PER_STEP, this.#records);
    this.#tellOfRecords(this.#next < 0);
  }

  /** Passes over places without anything new quickly, but tells of no more sessions than {@link #takeSome}. */
  #takeChanged(): void {
    let looks = 0;
    do {
      this.#next = this.#source.takeChanged(this.#next, PLACES_PER_STEP, this.#records);
      looks += PLACES_PER_STEP;
    } while (this.#next >= 0 && this.#records.count === 0 && looks < LOOKS_PER_STEP);
    const isLast = this.#next < 0;
    if (isLast || this.#records.count > 0) this.#tellOfRecords(isLast);
  }

  #tellOfRecords(isLast: boolean): void {
    const { request, scope } = this.#requests[0];
    this.#tell({ type: 'snapshots', request, part: { records: this.#records.take(), scope, isLast } });
    if (!isLast) return;
    this.#requests.shift();
    this.#next = 0;
    this.#isWorthWhile = false;
  }
}
