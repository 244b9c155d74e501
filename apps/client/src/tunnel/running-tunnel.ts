import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { closeLedgerFds, wakeEngine } from '@lightspeed/udp';
import type { EngineKind } from '@lightspeed/udp';
import type { Endpoint } from '@lightspeed/wire';
import { ClientError } from '../errors.ts';
import { awaitAnswer } from './answer.ts';
import type { CloseMessage, StartedMessage, WorkerInput, WorkerMessage } from './messages.ts';
import { StatsReader } from './stats.ts';
import type { TunnelStats } from './stats.ts';

/** FINs are repeated for 1.75 s; what takes longer is stuck. */
const LONGEST_CLOSE_MS = 4_000;

/** What happens to a tunnel, and what its listeners are given. */
export interface TunnelEvents {
  /** The node has answered: the session is open. Also after it was lost, and after the node had ended it. */
  established: [];
  /** Too many keepalives in a row were not answered. The tunnel goes on trying. */
  lost: [];
  /** The node has ended the session; a new one is asked for after so many milliseconds, or never if undefined. */
  'ended-by-node': [retryInMs: number | undefined];
  /** A keepalive was answered: milliseconds, and its sequence number. */
  roundTrip: [rttMs: number, sequence: number];
  /** As many keepalives were sent as `maxKeepalives` allows. */
  keepalivesSent: [];
  /** The data-plane thread ended by itself: the tunnel is dead. */
  failed: [error: ClientError];
  /** The tunnel is closed and its sockets are gone. */
  closed: [];
}

/** An entrance as it is: with its real port. */
export interface Entrance {
  readonly listen: Endpoint;
  readonly gameServer: Endpoint;
}

/** A tunnel at work: its sockets are bound and the session was asked for. Made by `startTunnel`. */
export class RunningTunnel extends EventEmitter<TunnelEvents> {
  readonly node: Endpoint;
  readonly entrances: readonly Entrance[];
  /** The engine that moves the datagrams, and why that one. */
  readonly io: EngineKind;
  readonly ioReason: string;
  /** The local port from which it talks to the node. */
  readonly localPort: number;
  readonly #worker: Worker;
  readonly #input: WorkerInput;
  readonly #wakeFd: number | undefined;
  readonly #stats: StatsReader;
  readonly #ended: Promise<void>;
  #closing = false;
  #over = false;
  #answered = false;
  #failure: ClientError | undefined;

  /** Not for users: `startTunnel` makes it. */
  constructor(worker: Worker, input: WorkerInput, started: StartedMessage) {
    super();
    const { settings } = input;
    this.node = settings.node;
    this.entrances = settings.entrances.map(({ gameServer }, index) => ({ listen: started.listens[index], gameServer }));
    this.io = started.io;
    this.ioReason = started.ioReason;
    this.localPort = started.localPort;
    this.#worker = worker;
    this.#input = input;
    this.#wakeFd = started.wakeFd;
    this.#stats = new StatsReader(input.counters, input.udpCounters);
    worker.on('message', (message: WorkerMessage) => this.#take(message));
    worker.on('error', (error: Error) => {
      this.#failure ??= new ClientError('ERR_CLIENT_WORKER', `the data-plane thread has crashed: ${error.message}`, {
        cause: error,
      });
    });
    this.#ended = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#finish();
        resolve();
      });
    });
  }

  /** Whether there has been a session: the node has answered, or is of dialect `reference`, which does not. */
  get answered(): boolean {
    return this.#answered;
  }

  stats(): TunnelStats {
    return this.#stats.read();
  }

  /**
   * Waits until the node has answered; not at all in dialect `reference`, which has no acknowledgement.
   * @throws {ClientError} (rejection) `ERR_CLIENT_NO_ANSWER` after `timeoutMs`, saying what was tried and what to check;
   * `ERR_CLIENT_CLOSED` if the tunnel is closed before; `ERR_CLIENT_WORKER` if it fails.
   */
  established(timeoutMs: number): Promise<void> {
    return awaitAnswer(this, timeoutMs, () => this.#failure);
  }

  /** Ends the session with a FIN, which the node acknowledges or which is repeated for up to 2 s, and all sockets. */
  async close(): Promise<void> {
    if (!this.#closing && !this.#over) {
      this.#closing = true;
      this.#worker.postMessage({ type: 'close' } satisfies CloseMessage);
      if (this.#wakeFd !== undefined) wakeEngine(this.#wakeFd);
    }
    const stuck = setTimeout(() => void this.#worker.terminate(), LONGEST_CLOSE_MS);
    await this.#ended;
    clearTimeout(stuck);
  }

  #take(message: WorkerMessage): void {
    switch (message.type) {
      case 'event':
        if (message.event === 'established') {
          this.#answered = true;
          this.emit('established');
        } else if (message.event === 'lost') {
          this.emit('lost');
        } else if (message.event === 'ended-by-node') {
          this.emit('ended-by-node', message.retryInMs);
        }
        break;
      case 'roundTrip':
        this.emit('roundTrip', message.rttUs / 1_000, message.sequence);
        break;
      case 'keepalivesSent':
        this.emit('keepalivesSent');
        break;
      case 'started':
      case 'refused':
        break;
    }
  }

  #finish(): void {
    this.#over = true;
    closeLedgerFds(this.#input.fdLedger);
    if (!this.#closing) {
      this.#failure ??= new ClientError('ERR_CLIENT_WORKER', 'the data-plane thread has ended by itself');
      this.emit('failed', this.#failure);
    }
    this.emit('closed');
  }
}
