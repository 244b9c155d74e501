import { setTimeout } from 'node:timers/promises';
import type { EngineChoice } from '@lightspeed/udp';
import { formatIssuerKey } from '@lightspeed/security';
import { formatSocketAddress } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';
import type { Logger } from 'pino';
import type { NodeConfig } from '../config/node-config.ts';
import { reloadOf } from '../config/reloadable.ts';
import type { Reload } from '../config/reloadable.ts';
import type { ControlPlane } from '../control/control-plane.ts';
import type { NodeStats } from '../supervisor/stats.ts';
import type { Administration, ServingStatus } from './admin-commands.ts';
import type { NodeParts } from './node-parts.ts';

/** A node that serves. */
export interface RunningNode {
  /** Where clients' packets come in; host `0.0.0.0` is every IPv4 address, `::` every address. */
  readonly dataAddress: SocketAddress;
  /** Undefined if HTTP is off. */
  readonly httpAddress: SocketAddress | undefined;
  /** Where clients register, over QUIC, and what they pin; undefined if there is no control plane. */
  readonly controlAddress: SocketAddress | undefined;
  readonly controlPin: string | undefined;
  readonly workerCount: number;
  /** Which engine moves the datagrams, and why. */
  readonly engine: EngineChoice;
  stats(): NodeStats;
  /** Ends a worker thread as a fault in it would; resolves when it is gone. For tests. */
  crashWorker(index: number): Promise<void>;
  /** Resolves when somebody asks the node to drain, by way of its state folder. */
  readonly drainAsked: Promise<void>;
  /**
   * Takes no registered client any more, tells those that are there, and closes when they have left, or when
   * `drainSecs` are over. Closes at once if there are none.
   */
  drain(): Promise<void>;
  /** Resolves when somebody asks the node to restart, by way of its state folder, and its program can be started again. */
  readonly restartAsked: Promise<void>;
  /**
   * Closes everything without a word to the data plane's clients, and keeps their sessions for the next start with the same
   * state folder. Clients on control connections are told to come back.
   */
  suspend(): Promise<void>;
  /**
   * Takes on what may change of another configuration while a node runs: limits, destinations, issuers, the revocation list, the
   * certificate and the log level. Reads the files that it names again.
   * @returns which keys have changed, and which would only after a restart.
   * @throws {NodeError} if a file cannot be used; nothing has changed then.
   */
  reload(config: NodeConfig): Promise<Pick<Reload, 'changed' | 'later'>>;
  /** Says goodbye to every client and closes everything, within 2 s. Harmless when repeated. */
  close(): Promise<void>;
  /** As {@link close}: for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A node that serves, and how it ends. */
export class LiveNode implements RunningNode {
  #config: NodeConfig;
  readonly #parts: NodeParts;
  readonly #administration: Administration;
  readonly #log: Logger;
  readonly #endTimers: () => void;
  readonly dataAddress: SocketAddress;
  readonly httpAddress: SocketAddress | undefined;
  readonly controlAddress: SocketAddress | undefined;
  readonly workerCount: number;
  readonly engine: EngineChoice;
  #ending: Promise<void> | undefined;

  /** @param endTimers ends what goes on beside the parts. */
  constructor(
    config: NodeConfig,
    engine: EngineChoice,
    parts: NodeParts,
    administration: Administration,
    log: Logger,
    endTimers: () => void,
  ) {
    this.#config = config;
    this.#parts = parts;
    this.#administration = administration;
    this.#log = log;
    this.#endTimers = endTimers;
    this.dataAddress = parts.supervisor.dataAddress;
    this.httpAddress = parts.http?.address;
    this.controlAddress = parts.control?.address;
    this.workerCount = config.workers;
    this.engine = engine;
  }

  get controlPin(): string | undefined {
    return this.#parts.control?.pin;
  }

  /** What players need to know of it, by the configuration that counts now; undefined without a control plane. */
  get serving(): ServingStatus | undefined {
    const { control } = this.#parts;
    const { certificate, registration, issuerKeys } = this.#config;
    return (
      control && {
        control: formatSocketAddress(control.address),
        data: formatSocketAddress(this.dataAddress),
        pin: control.pin,
        hasGivenCertificate: certificate !== undefined,
        registration,
        issuers: issuerKeys.map(formatIssuerKey),
      }
    );
  }

  get drainAsked(): Promise<void> {
    return this.#administration.drainAsked;
  }

  get restartAsked(): Promise<void> {
    return this.#administration.restartAsked;
  }

  /** A function of its own: callers may take it out of the node. */
  readonly stats = (): NodeStats => this.#parts.supervisor.stats();

  crashWorker(index: number): Promise<void> {
    return this.#parts.supervisor.crashWorker(index);
  }

  async reload(read: NodeConfig): Promise<Pick<Reload, 'changed' | 'later'>> {
    const { config, changed, later } = reloadOf(this.#config, read);
    await this.#parts.control?.reload(config);
    this.#config = config;
    this.#parts.supervisor.reload(config);
    this.#log.level = config.logLevel;
    return { changed, later };
  }

  async drain(): Promise<void> {
    const { control } = this.#parts;
    if (control !== undefined && this.#ending === undefined) await drainClients(control, this.#config.drainSecs * 1_000, this.#log);
    await this.close();
  }

  suspend(): Promise<void> {
    return (this.#ending ??= this.#suspend());
  }

  close(): Promise<void> {
    return (this.#ending ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const { supervisor, http, control, own } = this.#parts;
    this.#endTimers();
    own.stop();
    this.#log.info({ sessions: supervisor.stats().relay.sessions }, 'closing: saying goodbye to every client');
    await Promise.all([supervisor.stop(), http?.close(), control?.close()]);
    this.#log.info('closed');
  }

  async #suspend(): Promise<void> {
    const { supervisor, http, control, own } = this.#parts;
    this.#endTimers();
    own.stop();
    this.#log.info({ sessions: supervisor.sessionCount }, 'restarting: keeps every session of a registered client');
    await Promise.all([http?.close(), control?.closeForRestart()]);
    await control?.keep(await supervisor.suspend());
    this.#log.info('suspended');
  }
}

const LOOK_EVERY_MS = 50;

/** Announces the end, and waits until every registered client has left or is gone, or the time is over. */
async function drainClients(control: ControlPlane, forMs: number, log: Logger): Promise<void> {
  const { bound } = control;
  if (bound === 0) return;
  log.info({ sessions: bound, seconds: forMs / 1_000 }, 'draining: tells clients to leave, and takes no new ones');
  const startedMs = performance.now();
  control.drain(forMs);
  while ((await control.countPresent()) > 0 && performance.now() - startedMs < forMs) await setTimeout(LOOK_EVERY_MS);
  const left = bound - control.bound;
  const gone = control.bound - (await control.countPresent());
  log.info({ left, gone, stayed: bound - left - gone }, 'drained');
}
