import { randomBytes } from 'node:crypto';
import type { ProofNoncesState } from '@lightspeed/security';
import { limitsBytes } from '@lightspeed/session';
import type { RelayOptions } from '@lightspeed/session';
import type { EngineKind } from '@lightspeed/udp';
import type { SocketAddress } from '@lightspeed/wire';
import { formatSocketAddress } from '@lightspeed/wire';
import type { Logger } from 'pino';
import type { NodeConfig } from '../config/node-config.ts';
import { egressPortsOf } from '../data-plane/egress-ports.ts';
import type { Ban, RegisteredClient, SessionNews, ToWorker, WorkerWord, WorkerMemory, WorkerStart } from '../data-plane/messages.ts';
import { pack } from '../data-plane/chunks.ts';
import { ClaimsBoard, claimsMemory } from '../data-plane/session-claims.ts';
import { sessionQuotaMemory } from '../data-plane/session-quota.ts';
import { NodeError, bindError } from '../base/node-error.ts';
import { ipv4Of } from '../base/own-addresses.ts';
import { collectStats } from './stats.ts';
import type { NodeStats } from './stats.ts';
import { BanList } from './ban-list.ts';
import { DataPort, EGRESS_BUFFER_BYTES } from './data-port.ts';
import { destinationsOf } from './destinations.ts';
import { NO_CLIENTS, claimsFor } from './registered-clients.ts';
import { RefusalLog } from './refusal-log.ts';
import { relayOptionsOf } from './relay-options.ts';
import type { RegisteredClients } from './registered-clients.ts';
import { NodeSnapshots } from './snapshots.ts';
import type { TakenSnapshots, WorkerSession } from './snapshots.ts';
import type { SupervisorOptions } from './supervisor-options.ts';
import { workerCores } from './worker-cores.ts';
import { WorkerRequests } from './worker-requests.ts';
import type { Answer, Serving, Snapshots, WorkerWatcher } from './worker-slot.ts';
import { WorkerSlot } from './worker-slot.ts';

/** Blocks of 1.5 kB per worker: an open group takes one, each way. */
const FEC_BLOCKS = 4_096;

/** Ports that are tried if the system may choose. */
const MAX_PORTS_TRIED = 5;

/** Goodbyes take milliseconds; a worker that has not ended by then hangs. */
const STOP_TIMEOUT_MS = 1_500;
/** Of a start that has failed already nobody waits for the rest. */
const FAILED_START_MS = 300;

/** Runs the data plane: opens its port, starts its workers and their successors, and passes on what concerns all. */
export class Supervisor implements WorkerWatcher {
  #config: NodeConfig;
  #relay: RelayOptions;
  readonly #engine: EngineKind;
  readonly #log: Logger;
  readonly #port: DataPort;
  /** By worker; empty where the system chooses. */
  readonly cores: readonly number[];
  readonly #workers: readonly WorkerSlot[];
  readonly #bans = new BanList();
  readonly #refusals: RefusalLog;
  /** The machine's IPv4 addresses, unsigned. */
  #ownAddresses: readonly number[];
  readonly clients: RegisteredClients;
  readonly #challengeKey: Uint8Array;
  readonly #forwardingPorts: number[];
  readonly #requests = new WorkerRequests();
  readonly #snapshots: NodeSnapshots;
  /** Which worker has which registration's session. */
  readonly claims: ClaimsBoard;
  #stopped: Promise<void> | undefined;
  /** Buffers that the system granted to the data plane, the smallest where there are several. */
  buffers = { receiveBytes: Infinity, sendBytes: Infinity };

  private constructor(config: NodeConfig, options: SupervisorOptions, port: DataPort) {
    const { relay, engine, log, hosts, clients = NO_CLIENTS, challengeKey = randomBytes(32), outlived = [] } = options;
    this.#config = config;
    this.#relay = relay;
    this.#engine = engine;
    this.#log = log;
    this.#refusals = new RefusalLog(log);
    this.#port = port;
    this.#ownAddresses = ipv4Of(hosts);
    port.follow(hosts);
    this.cores = workerCores(config, engine);
    const claims = claimsMemory(claimsFor(config));
    this.claims = new ClaimsBoard(claims);
    this.#forwardingPorts = Array.from({ length: config.workers }, () => 0);
    this.clients = clients;
    this.#challengeKey = challengeKey;
    this.#snapshots = new NodeSnapshots(config.workers, outlived);
    const limits = new SharedArrayBuffer(limitsBytes(claimsFor(config)));
    const common = { sessions: sessionQuotaMemory(config.workers), claims, limits };
    this.#workers = Array.from({ length: config.workers }, (_, index) => {
      return new WorkerSlot(index, this.cores.at(index), engine, common, (memory) => this.#startOf(index, memory), this);
    });
  }

  /**
   * Resolves when every worker serves.
   * @throws {NodeError}
   */
  static async start(config: NodeConfig, options: SupervisorOptions): Promise<Supervisor> {
    for (let tries = 1; ; tries++) {
      const port = await DataPort.open(config.dataBind, options.engine, config.workers);
      const supervisor = new Supervisor(config, options, port);
      try {
        await Promise.all(supervisor.#workers.map((worker) => worker.start()));
        return supervisor;
      } catch (cause) {
        await supervisor.stop(FAILED_START_MS);
        const error = cause instanceof NodeError ? cause : bindError(cause, 'data plane', formatSocketAddress(port), '--data-bind');
        // A port that the system chose may be anybody's again by the time a worker opens it.
        const another = config.dataBind.port === 0 && error.code === 'ERR_PROXY_PORT_IN_USE' && tries < MAX_PORTS_TRIED;
        if (!another) throw error;
      }
    }
  }

  get dataAddress(): SocketAddress {
    return { host: this.#port.host, port: this.#port.port };
  }

  /** Sessions that are open, over all workers. */
  get sessionCount(): number {
    return this.#workers.reduce((count, { sessions }) => count + sessions, 0);
  }

  /** Lets a client in, at every worker that has started. Resolves when they know. */
  async register(client: RegisteredClient): Promise<void> {
    await this.#requests.ask(this.#workers, (request) => ({ type: 'register', request, client }));
  }

  /** The addresses that the machine has now: destinations that are closed from now on, and where clients may talk to. */
  setOwnAddresses(hosts: readonly string[]): void {
    if (this.#port.follow(hosts)) {
      for (const worker of this.#workers) worker.post({ type: 'own-sockets', fds: this.#port.ownFdsOf(worker.index) });
    }
    const ips = ipv4Of(hosts);
    if (ips.length === this.#ownAddresses.length && ips.every((ip, index) => ip === this.#ownAddresses[index])) return;
    this.#ownAddresses = ips;
    this.#postAll({ type: 'own-addresses', ips });
  }

  /** The operator has another configuration: its limits, and its rules for destinations, hold from now on. */
  reload(config: NodeConfig): void {
    this.#config = config;
    this.#relay = relayOptionsOf(config);
    const { allow, onlyAllowed, deny } = destinationsOf(config, this.#port.port, this.#ownAddresses);
    this.#postAll({ type: 'limits', limits: this.#relay, rules: { allow, onlyAllowed, deny } });
  }

  /** Ends a registration, and its session with a FIN. */
  unregister(sessionId: number): void {
    this.#postAll({ type: 'unregister', sessionId });
  }

  /** Tells of a registered client's session: that it is to have tags, or what is agreed on for its protection. */
  tell(news: SessionNews): void {
    this.#postAll(news);
  }

  /** Grows whenever a restart must know more of sessions than before, and sometimes in vain. */
  get news(): number {
    return this.#workers.reduce((sum, { counters }) => sum + counters.news, 0);
  }

  /** Has the workers say what has changed of the sessions of registrations since this was called last. */
  async takeSnapshots(): Promise<TakenSnapshots> {
    const answered = await this.#requests.ask(this.#workers, (request, { index }) => {
      return { type: 'snapshot', request, scope: this.#snapshots.scopeFor(index) };
    });
    const inOrder = [...answered, ...this.#workers.filter((worker) => !answered.has(worker))];
    const isWanted = (sessionId: number) => this.clients.has(sessionId);
    const all = this.#snapshots.all(
      inOrder.map(({ index }) => index),
      isWanted,
    );
    return {
      hasChanged: this.#snapshots.haveChanged(),
      news: this.#snapshots.takeNews(),
      find: (sessionId) => this.#snapshots.find(sessionId),
      all,
    };
  }

  /** For how many milliseconds clients have sent nothing, by session id; those that no worker tells of are not in it. */
  idleMsOf(sessionIds: readonly number[]): Promise<ReadonlyMap<number, number>> {
    return this.#requests.askIdle(this.#workers, sessionIds);
  }

  stats(): NodeStats {
    return collectStats(this.#workers);
  }

  async crashWorker(index: number): Promise<void> {
    await this.#workers.at(index)?.crash();
  }

  /** Says goodbye to all clients and ends all workers, by force after so many milliseconds. */
  stop(timeoutMs = STOP_TIMEOUT_MS): Promise<void> {
    return this.#end(timeoutMs, 'stop');
  }

  /** Ends all workers without a word to clients. @returns the last snapshots of all sessions, made while they are looked at. */
  async suspend(): Promise<Iterable<WorkerSession>> {
    await this.#end(STOP_TIMEOUT_MS, 'suspend');
    const isWanted = (sessionId: number) => this.clients.has(sessionId);
    return this.#snapshots.all([...this.#workers.keys()], isWanted);
  }

  #end(timeoutMs: number, how: 'stop' | 'suspend'): Promise<void> {
    this.#requests.stop();
    this.#stopped ??= Promise.all(this.#workers.map((worker) => worker.stop(timeoutMs, how))).then(() => {
      this.#port.close();
      this.#refusals.end();
    });
    return this.#stopped;
  }

  serving(worker: WorkerSlot, serving: Serving): void {
    this.buffers = {
      receiveBytes: Math.min(this.buffers.receiveBytes, serving.receiveBufferBytes),
      sendBytes: Math.min(this.buffers.sendBytes, serving.sendBufferBytes),
    };
    this.#setForwardingPort(worker.index, serving.forwardingPort);
    if (worker.restarts > 0) this.#log.info({ worker: worker.index }, 'data-plane worker serves again');
    else this.#log.debug({ worker: worker.index }, 'data-plane worker serves');
  }

  banned(by: WorkerSlot, ban: Ban): void {
    this.#bans.add(ban, performance.now());
    this.#postAll({ type: 'ban', ...ban }, by);
    this.#refusals.banned(ban);
  }

  told(word: WorkerWord): void {
    this.#refusals.told(word, this.clients.news);
  }

  answered(worker: WorkerSlot, answer: Answer): void {
    this.#requests.answered(worker, answer);
  }

  snapshots(worker: WorkerSlot, snapshots: Snapshots): void {
    this.#snapshots.take(worker.index, snapshots.part);
    this.#requests.answered(worker, snapshots, snapshots.part.isLast);
  }

  released(by: WorkerSlot, sessionId: number, nonces: ProofNoncesState): void {
    this.#snapshots.delete(by.index, sessionId);
    if (this.clients.noteNonces(sessionId, nonces)) this.#postAll({ type: 'nonces', sessionId, nonces }, by);
  }

  crashed(worker: WorkerSlot, why: string, delayMs: number): void {
    this.#requests.gone(worker);
    this.#setForwardingPort(worker.index, 0);
    const lost = this.#snapshots.of(worker.index);
    lost.giveUp();
    for (const { sessionId, nonces } of lost.all) {
      // A proof that one worker has accepted must not be new to its successor.
      this.clients.noteNonces(sessionId, nonces);
      this.#postAll({ type: 'nonces', sessionId, nonces }, worker);
    }
    const { index, restarts } = worker;
    this.#log.error({ worker: index, why, restarts, delayMs }, 'data-plane worker crashed: its sessions are lost, and it is started again');
  }

  #setForwardingPort(worker: number, port: number): void {
    this.#forwardingPorts[worker] = port;
    if (this.#workers.length > 1) this.#postAll({ type: 'peers', ports: this.#forwardingPorts });
  }

  #postAll(message: ToWorker, except?: WorkerSlot): void {
    for (const worker of this.#workers) if (worker !== except) worker.post(message);
  }

  #startOf(index: number, shared: WorkerMemory): WorkerStart {
    const { workers, egressBind, egressPorts } = this.#config;
    const data = this.#port.startOf(index);
    return {
      index,
      workers,
      engine: this.#engine,
      core: this.cores.at(index),
      busyPollUs: this.#config.busyPollUs,
      relay: this.#relay,
      policy: destinationsOf(this.#config, data.port, this.#ownAddresses),
      challengeKey: this.#challengeKey,
      data,
      egress: {
        ip: egressBind,
        ports: egressPorts === undefined ? undefined : egressPortsOf(egressPorts, index, workers),
        bufferBytes: EGRESS_BUFFER_BYTES,
      },
      bans: this.#bans.remaining(performance.now()),
      registrations: pack(this.clients.registered()),
      snapshots: [this.#snapshots.of(index).records],
      fecBlocks: FEC_BLOCKS,
      shared,
    };
  }
}
