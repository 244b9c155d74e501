import type { OutgoingMessage, Register } from '@lightspeed/control';
import { CloseCode } from '@lightspeed/control/quic';
import type { Dialect, SocketAddress } from '@lightspeed/wire';
import type { Logger } from 'pino';
import type { NodeConfig } from '../config/node-config.ts';
import { messageOf } from '../base/node-error.ts';
import type { OwnAddresses } from '../base/own-addresses.ts';
import { SnapshotWriter } from './snapshot-writer.ts';
import { StateSaver } from './state-saver.ts';
import type { WorkerSession } from '../supervisor/snapshots.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { Client, ClientLink, ConnectionEnds, RegisterRefusal, RegisteredLink } from './client.ts';
import { CertificateRenewal } from './certificate-renewal.ts';
import { Refusals, refusalOfAll } from './refusals.ts';
import { ClientConnection } from './client-connection.ts';
import type { ControlHost, Undecided, Welcome } from './client-connection.ts';
import { ClientProbes } from './client-probes.ts';
import { ControlCounters } from './control-counters.ts';
import { Dismissals } from './dismissals.ts';
import { ControlPort } from './control-port.ts';
import type { ControlState } from './control-state.ts';
import { LoadAnnouncer } from './load-announcer.ts';
import { LostClients } from './lost-clients.ts';
import { RESTART_TEXT, SHUTDOWN_TEXT, disconnect, loadOf, registerAck, serverInfo } from './messages.ts';
import type { NodeAddresses } from './node-addresses.ts';
import { Rivals } from './rivals.ts';
import { sendReport } from './send-report.ts';
import { TaggedClients } from './tagged-clients.ts';
import { ownEgressIp } from './own-egress-ip.ts';

/** How often it looks at tickets, graces, files and load. Each look goes over all clients, and wakes an idle process. */
const TICK_MS = 900;

/** Registers clients over QUIC, and keeps the workers informed (docs/protocol.md, Control plane). */
export class ControlPlane implements ControlHost {
  #config: NodeConfig;
  readonly #state: ControlState;
  readonly #supervisor: Supervisor;
  readonly #log: Logger;
  readonly #lost: LostClients;
  readonly #rivals: Rivals;
  readonly #load = new LoadAnnouncer();
  readonly #refusals: Refusals;
  readonly #dismissals: Dismissals;
  readonly tagged: TaggedClients;
  readonly probes: ClientProbes;
  readonly #saver: StateSaver;
  readonly #renewal: CertificateRenewal;
  readonly #addresses: NodeAddresses;
  readonly counters = new ControlCounters();
  #port: ControlPort | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ticking: Promise<void> = Promise.resolve();
  /** When the node stops relaying; undefined while it does not drain. */
  #drainedMs: number | undefined;

  private constructor(
    config: NodeConfig,
    state: ControlState,
    supervisor: Supervisor,
    log: Logger,
    addresses: NodeAddresses,
    own: OwnAddresses,
  ) {
    this.#config = config;
    this.#state = state;
    this.#supervisor = supervisor;
    this.#log = log;
    this.#refusals = new Refusals(() => this.#config, this.counters, log);
    this.#addresses = addresses;
    const { folder, identity, registry } = state;
    this.#dismissals = new Dismissals(
      () => this.#config,
      registry,
      this.counters,
      log,
      (client) => this.#end(client),
    );
    this.tagged = new TaggedClients(config, registry, supervisor, log);
    const controlPort = () => this.#running.address.port;
    this.probes = new ClientProbes(config, registry, supervisor, own, controlPort, (error) => this.fault(error));
    registry.news.onReport = (client, report) => sendReport(client, report, this.counters);
    this.#saver = new StateSaver(folder && new SnapshotWriter(folder, registry, supervisor, log), (error) => this.fault(error));
    this.#renewal = new CertificateRenewal(identity, () => this.#running, log);
    const endAs = (why: 'abandoned' | 'displaced') => (client: Client) => {
      this.counters[why]++;
      this.#end(client);
    };
    this.#rivals = new Rivals(supervisor, endAs('displaced'));
    this.#lost = new LostClients(config, registry, supervisor, endAs('abandoned'));
  }

  /** @throws {NodeError} */
  static async start(
    bind: SocketAddress,
    config: NodeConfig,
    state: ControlState,
    supervisor: Supervisor,
    own: OwnAddresses,
    log: Logger,
  ): Promise<ControlPlane> {
    const egressIp = config.egressBind === 0 ? await ownEgressIp() : config.egressBind;
    const plane = new ControlPlane(config, state, supervisor, log, { data: supervisor.dataAddress, egressIp }, own);
    await plane.#listen(bind, own);
    return plane;
  }

  /** Where it listens; the same for the whole run. */
  get address(): SocketAddress {
    return this.#running.address;
  }

  /** What clients pin: SHA-256 of the public key of the certificate in use. */
  get pin(): string {
    return this.#running.pin;
  }

  get connections(): number {
    return this.#port?.connections ?? 0;
  }

  /** What it listens with. */
  get port(): ControlPort {
    return this.#running;
  }

  get registrations(): number {
    return this.#state.registry.size;
  }

  /** Registered clients whose session is open. */
  get bound(): number {
    return this.#lost.bound;
  }

  /**
   * The operator has another configuration. Clients whose issuer does not count any more have to leave.
   * @throws {NodeError} if there is another revocation list that cannot be read; nothing has changed then.
   */
  async reload(config: NodeConfig): Promise<void> {
    const { gate, registry } = this.#state;
    await gate?.reload(config);
    this.#config = config;
    this.#lost.setTimes(config);
    this.probes.reload(config);
    this.#dismissals.refuse(registry.unwelcome());
    await this.#renewal.reload(config);
  }

  /** How many of them are still there, as far as anybody can tell. */
  countPresent(): Promise<number> {
    return this.#lost.countPresent();
  }

  get isDraining(): boolean {
    return this.#drainedMs !== undefined;
  }

  /** Takes nobody any more, and tells those who are there. @param forMs how long the node goes on to relay. */
  drain(forMs: number): void {
    this.#drainedMs = performance.now() + forMs;
    for (const { link, dialect } of this.#state.registry.all) {
      if (dialect === 'standard') link?.send(this.#serverInfo('standard'));
      link?.send(disconnect('server_shutdown', SHUTDOWN_TEXT));
    }
  }

  /** Closes without a word, and leaves what is saved as it is: for a start that failed. */
  async abandon(): Promise<void> {
    await this.#endTimers();
    await this.#port?.close(SHUTDOWN_TEXT);
    this.#endLogs();
    await this.#state.folder?.close();
  }

  /** Tells everybody to come back after a restart, and takes nobody any more; the data plane goes on. */
  async closeForRestart(): Promise<void> {
    await this.#endTimers();
    await this.#port?.close(RESTART_TEXT, CloseCode.nodeRestarts);
    this.#endLogs();
  }

  /** After {@link closeForRestart}: saves all for the next run, and gives the folder back. @param sessions as they were last. */
  async keep(sessions: Iterable<WorkerSession>): Promise<void> {
    await this.#saver.saveAll(sessions);
    await this.#state.folder?.close();
  }

  /** Says goodbye to everybody and closes. What is saved afterwards is that there is nobody. */
  async close(): Promise<void> {
    await this.#endTimers();
    this.#drainedMs ??= performance.now();
    const clients = [...this.#state.registry.all];
    await Promise.all(clients.map(async ({ link }) => link?.dismiss('server_shutdown', SHUTDOWN_TEXT)));
    await this.#port?.close(SHUTDOWN_TEXT);
    this.#endLogs();
    for (const client of clients) this.#end(client);
    await this.#state.folder?.save([]);
    await this.#state.folder?.close();
  }

  register(message: Register, ends: ConnectionEnds, link: ClientLink, isLast: boolean): Welcome | RegisterRefusal | Undecided {
    const { host, port } = ends.peer;
    const { addresses, registry } = this.#state;
    const result =
      refusalOfAll(this.isDraining, this.#config.registration) ??
      registry.register(message, { ip: addresses.parse(host) ?? 0, port }, link);
    if (result.type === 'refused') {
      const room = isLast ? undefined : this.#rivals.makeRoom(result);
      return room === undefined ? this.#refusals.note(host, result) : { type: 'undecided', until: room };
    }
    this.#noteRegistered(result);
    return { type: 'welcome', client: result.client, replies: this.#repliesTo(result.client, ends) };
  }

  #noteRegistered({ client, isNew, isFresh, before }: RegisteredLink): void {
    if (isNew) {
      this.counters.accepted++;
      this.#supervisor.claims.clear(client.index, isFresh);
      client.known = this.#supervisor.register(this.#state.registry.registeredAs(client)).then(() => {
        client.known = undefined;
      });
    } else {
      this.counters.resumed++;
      this.#supervisor.tell({ type: 'agree', sessionId: client.sessionId, terms: client.protection });
      void before?.dismiss('normal', 'the session goes on over another connection');
    }
  }

  /** Not before the data plane knows the client: what it sends from then on is not too early. */
  async #repliesTo(client: Client, ends: ConnectionEnds): Promise<OutgoingMessage[]> {
    await client.known;
    const acknowledgement = registerAck(this.#config, this.#addresses, client, this.#state.registry.secretOf(client), ends);
    return [acknowledgement, ...this.tagged.repliesTo(client), this.#serverInfo(client.dialect)];
  }

  #serverInfo(dialect: Dialect): OutgoingMessage {
    const drainingMs = this.#drainedMs === undefined ? undefined : this.#drainedMs - performance.now();
    return serverInfo(this.#config, this.#supervisor.sessionCount, dialect, drainingMs);
  }

  left(client: Client, link: ClientLink): void {
    if (client.link === link) this.#end(client);
  }

  lost(client: Client, link: ClientLink, fellSilent: boolean): void {
    if (client.link === link) this.#lost.begin(client, fellSilent);
  }

  fault(error: unknown): void {
    this.#log.error({ why: messageOf(error) }, 'a fault in the control plane');
  }

  async #listen(bind: SocketAddress, own: OwnAddresses): Promise<void> {
    this.#port = await ControlPort.open(bind, own, this.#config, this.#state.identity.certificate, this.#log, (connection) => {
      void new ClientConnection(connection, this).serve();
    });
    this.#timer = setInterval(() => {
      this.#ticking = this.#ticking.then(() => this.#tick()).catch((error: unknown) => this.fault(error));
    }, TICK_MS);
    this.#timer.unref();
    this.#saver.start();
  }

  #endLogs(): void {
    this.#refusals.end();
    this.#dismissals.end();
    this.tagged.end();
  }

  async #endTimers(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([this.#ticking, this.#saver.end()]);
  }

  get #running(): ControlPort {
    if (this.#port === undefined) throw new Error('the control plane does not listen');
    return this.#port;
  }

  async #tick(): Promise<void> {
    await this.#renewal.look();
    await this.#state.gate?.refresh();
    this.#dismissals.refuse(this.#state.registry.expired());
    await this.#lost.endDue();
    this.#tellLoad();
  }

  #tellLoad(): void {
    const percent = loadOf(this.#supervisor.sessionCount, this.#config.maxClients);
    if (this.isDraining || !this.#load.isDue(percent, performance.now())) return;
    for (const { link, dialect } of this.#state.registry.all) link?.send(this.#serverInfo(dialect));
  }

  #end(client: Client): void {
    client.link = undefined;
    this.tagged.forget(client);
    if (this.#state.registry.end(client)) this.#supervisor.unregister(client.sessionId);
  }
}
