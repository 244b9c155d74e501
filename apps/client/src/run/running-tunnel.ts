import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { closeLedgerFds, wakeEngine } from '@lightspeed/udp';
import type { EngineKind } from '@lightspeed/udp';
import type { Endpoint, SocketAddress } from '@lightspeed/wire';
import { ClientError } from '../base/errors.ts';
import { requireAddress } from '../settings/addresses.ts';
import { awaitAnswer } from './answer.ts';
import { Fleet } from '../control/fleet.ts';
import type { MeasuringNode, NodeStatus } from '../control/fleet-node.ts';
import { SocksServer } from '../ingress/socks/server.ts';
import type { CaptureCommand } from '../ingress/transparent/messages.ts';
import type { CounterBook } from '../tunnel/counter-book.ts';
import type { Command, StartedMessage, WorkerInput, WorkerMessage } from '../tunnel/messages.ts';
import { WAY_DIRECT, WAY_NODE_IN_USE } from '../way/way-policy.ts';
import { GameServers } from './game-servers.ts';
import type { Ingress } from './game-servers.ts';
import { watchLocalAddresses } from './local-addresses.ts';
import { StatsReader } from './stats.ts';
import type { TunnelStats } from './stats.ts';
import { emitNodeTunnelEvent } from './tunnel-events.ts';
import type { TunnelEvents } from './tunnel-events.ts';

/** FINs are repeated for 1.75 s; what takes longer is stuck. */
const LONGEST_CLOSE_MS = 4_000;
const NOWHERE: SocketAddress = { host: '0.0.0.0', port: 0 };

/** A tunnel at work: its sockets are bound and the session was asked for. Made by `startTunnel`. */
export class RunningTunnel extends EventEmitter<TunnelEvents> {
  readonly ingresses: readonly Ingress[];
  /** The engine that moves the datagrams, why that one, and whether the platform promises the batch engine in vain. */
  readonly io: EngineKind;
  readonly ioReason: string;
  readonly ioFellBack: boolean;
  readonly #worker: Worker;
  readonly #input: WorkerInput;
  readonly #wakeFd: number | undefined;
  readonly #stats: StatsReader;
  readonly #fleet: Fleet | undefined;
  /** The only node of a tunnel that was not registered, as it was named. */
  readonly #named: SocketAddress;
  readonly #locals: SocketAddress[];
  readonly #endWatching: () => void;
  readonly #ended: Promise<void>;
  readonly #gameServers: GameServers;
  #socks: SocksServer | undefined;
  #closing = false;
  #over = false;
  #answered = false;
  #failure: ClientError | undefined;

  /** Not for users: `startTunnel` makes it. */
  constructor(worker: Worker, input: WorkerInput, started: StartedMessage, counters: CounterBook, nodes: Fleet | SocketAddress) {
    super();
    const { settings } = input;
    const fleet = nodes instanceof Fleet ? nodes : undefined;
    this.ingresses = settings.ingresses.map(({ gameServer, name }, index) => ({ listen: started.listens[index], gameServer, name }));
    ({ io: this.io, ioReason: this.ioReason, ioFellBack: this.ioFellBack } = started);
    this.#locals = [...started.locals];
    this.#worker = worker;
    this.#input = input;
    this.#wakeFd = started.wakeFd;
    this.#stats = new StatsReader(counters, input.udpCounters, input.localCounters);
    this.#fleet = fleet;
    this.#named = nodes instanceof Fleet ? NOWHERE : nodes;
    this.#endWatching = fleet === undefined ? () => undefined : watchLocalAddresses(() => this.#addressesChanged());
    fleet?.attach(
      {
        command: (command) => this.#command(command),
        moved: (node, why) => {
          this.emit('moved', node, why);
          if (!this.#answered && node.up) this.#established();
        },
        draining: (node, ms) => this.emit('draining', node, ms),
        control: (node, state, text) => this.emit('control', node, state, text),
        destinationRefused: (node, destination) => this.emit('destinationRefused', node, destination),
        over: (error) => this.#fail(error),
      },
      input.nodeTunnels,
    );
    this.#gameServers = new GameServers(settings.ingresses, {
      command: (command) => this.#command(command),
      told: (text) => this.emit('gameServer', text),
    });
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

  /** The data-plane address of the node in use; without registration as the settings have it, which may be by name. */
  get node(): SocketAddress {
    return this.#fleet?.node ?? this.#named;
  }

  /** Where the SOCKS5 server listens, if there is one. */
  get socks(): Endpoint | undefined {
    return this.#socks?.address;
  }

  /** The nodes with which it is registered, in the order of the settings; none without registration. */
  get nodes(): readonly NodeStatus[] {
    return this.#fleet?.statuses() ?? [];
  }

  /** The local port of the first path. */
  get localPort(): number {
    return this.#locals[0].port;
  }

  stats(): TunnelStats {
    return this.#stats.read(this.#fleet?.used ?? 0, this.#locals, this.#input.via !== undefined, this.#fleet?.reports.up);
  }

  /**
   * Gives a path another socket, bound to the same local address or to another one, and moves the session there: the game
   * server notices nothing. It is done by itself when the machine's addresses change. `rebound` or `notRebound` follows.
   * @throws {ClientError} `ERR_CLIENT_NOT_REGISTERED` if nothing can prove to the node that the session is ours
   * @throws {ClientError} `ERR_CLIENT_INVALID_SETTING` if there is no such path, or the text is no address.
   */
  rebind(path = 0, local?: string): void {
    if (this.#input.nodeTunnels.some(({ registration }) => registration === undefined)) {
      throw new ClientError('ERR_CLIENT_NOT_REGISTERED', 'only a registered session can move to another address');
    }
    if (!Number.isInteger(path) || path < 0 || path >= this.#locals.length) {
      throw new ClientError('ERR_CLIENT_INVALID_SETTING', `there is no path ${path}; allowed: 0 to ${this.#locals.length - 1}`);
    }
    this.#command({ type: 'rebind', path, local: local === undefined ? undefined : requireAddress('the local address', local) });
  }

  /** Gives the data plane what it has asked for by the event `capture`. */
  answerCapture(command: CaptureCommand): void {
    this.#command(command);
  }

  /** Sends a keepalive to each node now: its answer says what the round trip is. */
  measureNodes(): void {
    this.#command({ type: 'measure' });
  }

  /** Has the datagrams of all flows counted; the event `flowCounts` follows. */
  countFlows(): void {
    this.#command({ type: 'count-flows' });
  }

  /** The nodes that measure game servers for us now. */
  get measuringNodes(): readonly MeasuringNode[] {
    return this.#fleet?.measuring() ?? [];
  }

  /**
   * Says which way a flow of the event `flow` goes, or that it moves.
   * @param node its name; undefined is the direct way
   * @param isForced also if the server has answered, since its way is dead.
   */
  setFlowWay(id: number, node: string | undefined, isForced = false): void {
    const way = node === undefined ? WAY_DIRECT : (this.#fleet?.wayOf(node) ?? WAY_NODE_IN_USE);
    this.#command({ type: 'flow-way', id, way, isForced });
  }

  /** Not for users: `startTunnel` calls it. */
  async listenForSocks(): Promise<void> {
    const { socks } = this.#input.settings;
    if (socks === undefined) return;
    this.#socks = await SocksServer.listen(socks, {
      command: (command) => this.#command(command),
      told: (text) => this.emit('socks', text),
    });
  }

  /**
   * Waits until the node has answered; not at all in dialect `reference`, which has no acknowledgement.
   * @throws {ClientError} (rejection) `ERR_CLIENT_NO_ANSWER` after `timeoutMs`, saying what was tried and what to check;
   * `ERR_CLIENT_CLOSED` if the tunnel is closed before; `ERR_CLIENT_WORKER` if it fails.
   */
  established(timeoutMs: number): Promise<void> {
    return awaitAnswer(this, timeoutMs, () => this.#failure);
  }

  /** As {@link close}: for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Ends the session with a FIN, which the node acknowledges or which is repeated for up to 2 s, and all sockets. */
  async close(): Promise<void> {
    this.#endWatching();
    this.#gameServers.close();
    this.#socks?.close();
    if (!this.#closing && !this.#over) {
      this.#closing = true;
      this.#command({ type: 'close' });
    }
    const stuck = setTimeout(() => void this.#worker.terminate(), LONGEST_CLOSE_MS);
    await this.#ended;
    clearTimeout(stuck);
    await this.#fleet?.close();
  }

  #command(command: Command): void {
    // While it closes, its engine may be gone already, and it would obey nothing else.
    if (this.#over || (this.#closing && command.type !== 'close')) return;
    this.#worker.postMessage(command);
    if (this.#wakeFd !== undefined) wakeEngine(this.#wakeFd);
  }

  #addressesChanged(): void {
    this.#fleet?.check();
    if (this.#input.nodeTunnels.some(({ registration }) => registration === undefined)) return;
    for (let path = 0; path < this.#locals.length; path++) this.rebind(path);
  }

  #take(message: WorkerMessage): void {
    switch (message.type) {
      case 'rebound':
        this.#locals[message.path] = message.local;
        this.emit('rebound', message.path, message.local);
        break;
      case 'notRebound':
        this.emit('notRebound', message.path, message.reason);
        break;
      case 'keepalivesSent':
        this.emit('keepalivesSent');
        break;
      case 'socks-opened':
      case 'socks-refused':
      case 'socks-resolve':
      case 'socks-ipv6':
        this.#socks?.take(message);
        break;
      case 'capture':
        this.emit('capture', message.event);
        break;
      case 'flow-opened':
      case 'flow-answered':
      case 'flow-closed':
        this.emit('flow', message);
        break;
      case 'flow-counts':
        this.emit('flowCounts', message.servers);
        break;
      case 'server-given-up':
        this.#gameServers.givenUp(message);
        break;
      case 'started':
      case 'refused':
        break;
      default:
        // First of all: a node tunnel that is lost may be one that is not used any more after that.
        this.#fleet?.take(message);
        if (message.slot === (this.#fleet?.used ?? 0) && emitNodeTunnelEvent(this, message)) this.#established();
    }
  }

  #established(): void {
    this.#answered = true;
    this.emit('established');
  }

  #fail(error: ClientError): void {
    if (this.#failure !== undefined || this.#closing) return;
    this.#failure = error;
    this.emit('failed', error);
    void this.close();
  }

  #finish(): void {
    this.#over = true;
    this.#gameServers.close();
    this.#socks?.close();
    closeLedgerFds(this.#input.fdLedger);
    if (!this.#closing) {
      this.#failure ??= new ClientError('ERR_CLIENT_WORKER', 'the data-plane thread has ended by itself');
      this.emit('failed', this.#failure);
    }
    this.emit('closed');
  }
}
