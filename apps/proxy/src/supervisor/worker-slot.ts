import { Worker } from 'node:worker_threads';
import type { ProofNoncesState } from '@lightspeed/security';
import { closeLedgerFds, createFdLedger, wakeEngine } from '@lightspeed/udp';
import type { EngineKind } from '@lightspeed/udp';
import type { Ban, FromWorker, ToWorker, WorkerMemory, WorkerStart, WorkerWord } from '../data-plane/messages.ts';
import { ClaimsBoard } from '../data-plane/session-claims.ts';
import { giveBackSessionsOf, sessionsOf } from '../data-plane/session-quota.ts';
import { NodeError, messageOf } from '../base/node-error.ts';
import { workerModule } from '../base/program-files.ts';
import type { RegisteredClients } from './registered-clients.ts';
import { WorkerCounters } from './worker-counters.ts';

/**
 * A worker allocates sessions, which stay. A large nursery would only fill with copies of them before they are moved
 * on. And V8 never gives its pages back while the worker's event loop stands still.
 */
const YOUNG_GENERATION_MB = 3;

/** A worker that lived this long crashed by bad luck, and its successor starts at once. */
const LONG_LIFE_MS = 10_000;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;

/** Where a worker is between its start and its end; only `serving` moves packets. */
export type WorkerState = 'starting' | 'serving' | 'restarting' | 'stopping' | 'stopped';

/** A worker's message that it serves now. */
export type Serving = Extract<FromWorker, { type: 'serving' }>;
/** A worker's answer that has snapshots of sessions in it. */
export type Snapshots = Extract<FromWorker, { type: 'snapshots' }>;
/** What a worker was asked for. */
export type Answer = Extract<FromWorker, { readonly request: number }>;

/** Memory that all workers share. */
export type CommonMemory = Pick<WorkerMemory, 'sessions' | 'claims' | 'limits'>;

/** Who runs the workers. */
export interface WorkerWatcher {
  serving(worker: WorkerSlot, serving: Serving): void;
  banned(worker: WorkerSlot, ban: Ban): void;
  /** Those that the workers tell of. */
  readonly clients: Pick<RegisteredClients, 'news'>;
  /** Something is to be written down. */
  told(word: WorkerWord): void;
  released(worker: WorkerSlot, sessionId: number, nonces: ProofNoncesState): void;
  snapshots(worker: WorkerSlot, snapshots: Snapshots): void;
  answered(worker: WorkerSlot, answer: Answer): void;
  /** It will be started again in `delayMs`. */
  crashed(worker: WorkerSlot, why: string, delayMs: number): void;
}

/**
 * A place for a worker thread. It starts one, and after each crash a successor, at first quickly, then less and less
 * often, for as long as the node runs.
 */
export class WorkerSlot {
  readonly index: number;
  /** The processor that its threads keep to; undefined for any. */
  readonly core: number | undefined;
  readonly counters = new WorkerCounters();
  state: WorkerState = 'starting';
  restarts = 0;
  readonly #common: CommonMemory;
  readonly #fdLedger: SharedArrayBuffer | undefined;
  readonly #makeStart: (memory: WorkerMemory) => WorkerStart;
  readonly #watcher: WorkerWatcher;
  readonly #ended = Promise.withResolvers<undefined>();
  readonly #firstServing = Promise.withResolvers<undefined>();
  #thread: Worker | undefined;
  /** Open until {@link closeLedgerFds} after the thread's exit: afterwards the number may be anybody's. */
  #wakeFd: number | undefined;
  #restart: NodeJS.Timeout | undefined;
  #startedMs = 0;
  #quickCrashes = 0;
  #everServed = false;

  /**
   * @param makeStart what to tell a new thread.
   */
  constructor(
    index: number,
    core: number | undefined,
    engine: EngineKind,
    common: CommonMemory,
    makeStart: (memory: WorkerMemory) => WorkerStart,
    watcher: WorkerWatcher,
  ) {
    this.index = index;
    this.core = core;
    this.#common = common;
    this.#fdLedger = engine === 'batch' ? createFdLedger() : undefined;
    this.#makeStart = makeStart;
    this.#watcher = watcher;
  }

  get sessions(): number {
    return sessionsOf(this.#common.sessions, this.index);
  }

  /** Starts the first thread. Resolves when it serves; rejects if it ends before. */
  start(): Promise<void> {
    this.#launch();
    return this.#firstServing.promise;
  }

  post(message: ToWorker): void {
    this.#thread?.postMessage(message);
    this.#wake();
  }

  /** Ends the thread as a fault would. Resolves when it is gone. */
  async crash(): Promise<void> {
    const thread = this.#thread;
    if (thread === undefined) return;
    const gone = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
    this.post({ type: 'crash' });
    await gone;
  }

  /**
   * Ends the thread, by force after `timeoutMs`. Resolves when it is gone.
   * @param how with a goodbye to clients (`stop`), or with snapshots of their sessions in its place.
   */
  async stop(timeoutMs: number, how: 'stop' | 'suspend' = 'stop'): Promise<void> {
    clearTimeout(this.#restart);
    if (this.#thread === undefined) {
      this.state = 'stopped';
      return;
    }
    this.state = 'stopping';
    this.post({ type: how });
    const force = setTimeout(() => void this.#thread?.terminate(), timeoutMs);
    await this.#ended.promise;
    clearTimeout(force);
  }

  #launch(): void {
    this.#startedMs = performance.now();
    const thread = new Worker(workerModule(), {
      name: `data-plane-${this.index}`,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
      workerData: this.#makeStart({
        relayCounters: this.counters.relayMemory,
        udpCounters: this.counters.udpMemory,
        ...this.#common,
        fdLedger: this.#fdLedger,
      }),
    });
    let fault = '';
    this.#thread = thread;
    thread.on('message', (message: FromWorker) => this.#take(message));
    thread.on('error', (error) => {
      fault = messageOf(error);
      this.#firstServing.reject(error);
    });
    thread.on('exit', (code) => this.#exited(fault === '' ? `it ended with code ${code}` : fault));
  }

  #take(message: FromWorker): void {
    switch (message.type) {
      case 'banned': {
        const { prefixHigh, prefixLow, durationMs } = message;
        this.#watcher.banned(this, { prefixHigh, prefixLow, durationMs });
        break;
      }
      case 'misused':
        this.#watcher.clients.news.misused(message.sessionId);
        break;
      case 'protection':
      case 'over-share':
        this.#watcher.told(message);
        break;
      case 'reports':
        this.#watcher.clients.news.reported(message.reports);
        break;
      case 'tagging':
        this.#watcher.clients.news.tagging(message.sessionId);
        break;
      case 'attacked':
        this.#watcher.clients.news.attacked(message.sessionId);
        break;
      case 'released':
        this.#watcher.released(this, message.sessionId, message.nonces);
        break;
      case 'snapshots':
        this.#watcher.snapshots(this, message);
        break;
      case 'registered':
      case 'idle':
        this.#watcher.answered(this, message);
        break;
      case 'serving':
        this.#nowServes(message);
        break;
    }
  }

  #nowServes(message: Serving): void {
    this.#wakeFd = message.wakeFd;
    this.#everServed = true;
    this.#firstServing.resolve(undefined);
    if (this.state !== 'stopping') {
      this.state = 'serving';
      this.#watcher.serving(this, message);
    }
    // For what was posted before it could be woken.
    this.#wake();
  }

  #wake(): void {
    if (this.#wakeFd !== undefined) wakeEngine(this.#wakeFd);
  }

  #exited(why: string): void {
    this.#thread = undefined;
    this.#wakeFd = undefined;
    if (this.#fdLedger !== undefined) closeLedgerFds(this.#fdLedger);
    giveBackSessionsOf(this.#common.sessions, this.index);
    new ClaimsBoard(this.#common.claims).giveBackAllOf(this.index);
    this.counters.retire();
    if (this.state === 'stopping' || !this.#everServed) {
      this.state = 'stopped';
      this.#firstServing.reject(new NodeError('ERR_PROXY_WORKER', `a data-plane worker did not start: ${why}`));
      this.#ended.resolve(undefined);
      return;
    }
    const delayMs = this.#nextDelayMs();
    this.state = 'restarting';
    this.restarts++;
    this.#watcher.crashed(this, why, delayMs);
    this.#restart = setTimeout(() => this.#launch(), delayMs);
  }

  #nextDelayMs(): number {
    if (performance.now() - this.#startedMs >= LONG_LIFE_MS) {
      this.#quickCrashes = 0;
      return 0;
    }
    return Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#quickCrashes++);
  }
}
