import type { OutgoingMessage, Register } from '@lightspeed/control';
import type { ListenerCounters } from '@lightspeed/control/quic';
import type { Dialect, SocketAddress } from '@lightspeed/wire';
import type { Logger } from 'pino';
import type { NodeConfig } from '../config/node-config.ts';
import { LimitedLog } from '../base/limited-log.ts';
import { messageOf } from '../base/node-error.ts';
import type { OwnAddresses } from '../base/own-addresses.ts';
import { SnapshotWriter } from './snapshot-writer.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { Client, ClientLink, ConnectionEnds, RegisterRefusal } from './client.ts';
import type { RegisteredLink } from './client-registry.ts';
import { CLOSED, REFUSAL_LINES, SHUTTING_DOWN } from './refusals.ts';
import { ClientConnection } from './client-connection.ts';
import type { ControlHost, Welcome } from './client-connection.ts';
import { ControlCounters } from './control-counters.ts';
import { ControlPort } from './control-port.ts';
import type { ControlState } from './control-state.ts';
import { Grace } from './grace.ts';
import { LoadAnnouncer } from './load-announcer.ts';
import { SHUTDOWN_TEXT, disconnect, loadOf, registerAck, serverInfo } from './messages.ts';
import type { NodeAddresses } from './node-addresses.ts';
import { ownEgressIp } from './own-egress-ip.ts';

/**
 * How often it looks at what changes by itself: files, tickets, graces, load. That is taken note of within a second; each look
 * goes over all clients, and wakes an idle process.
 */
const TICK_MS = 900;

/** Registers clients over QUIC, and keeps the workers informed (docs/protocol.md, Control plane). */
export class ControlPlane implements ControlHost {
  readonly #config: NodeConfig;
  readonly #state: ControlState;
  readonly #supervisor: Supervisor;
  readonly #log: Logger;
  readonly #grace: Grace;
  readonly #load = new LoadAnnouncer();
  readonly #refusals: LimitedLog;
  readonly #snapshots: SnapshotWriter | undefined;
  readonly #addresses: NodeAddresses;
  readonly counters = new ControlCounters();
  #port: ControlPort | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ticking: Promise<void> = Promise.resolve();
  /** When the node stops relaying; undefined while it does not drain. */
  #drainedMs: number | undefined;

  private constructor(config: NodeConfig, state: ControlState, supervisor: Supervisor, log: Logger, addresses: NodeAddresses) {
    this.#config = config;
    this.#state = state;
    this.#supervisor = supervisor;
    this.#log = log;
    this.#refusals = new LimitedLog(log, REFUSAL_LINES);
    this.#addresses = addresses;
    const { folder, registry } = state;
    this.#snapshots = folder && new SnapshotWriter(folder, registry, supervisor, log);
    this.#grace = new Grace(config.graceSecs * 1_000, config.sessionTimeoutSecs * 1_000);
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
    const plane = new ControlPlane(config, state, supervisor, log, { data: supervisor.dataAddress, egressIp });
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

  get listenerCounters(): ListenerCounters {
    return this.#running.counters;
  }

  /** Datagrams that the kernel dropped in front of the control port's sockets; undefined where it does not tell. */
  get socketDrops(): number | undefined {
    return this.#running.socketDrops;
  }

  /** Which of the forms of the QUIC library runs. */
  get quic(): string {
    return this.#running.quic;
  }

  get registrations(): number {
    return this.#state.registry.size;
  }

  /** Registered clients whose session is open. */
  get bound(): number {
    let bound = 0;
    for (const client of this.#state.registry.all) if (this.#isBound(client)) bound++;
    return bound;
  }

  get isDraining(): boolean {
    return this.#drainedMs !== undefined;
  }

  /** Takes nobody any more, and tells those who are there. @param forMs how long the node goes on to relay. */
  drain(forMs: number): void {
    this.#drainedMs = performance.now() + forMs;
    for (const { link, dialect } of this.#state.registry.all) {
      if (link === undefined) continue;
      if (dialect === 'standard') link.send(this.#serverInfo('standard'));
      link.send(disconnect('server_shutdown', SHUTDOWN_TEXT));
    }
  }

  /** Closes without a word, and leaves what is saved as it is: for a start that failed. */
  async abandon(): Promise<void> {
    clearInterval(this.#timer);
    await this.#ticking;
    await this.#port?.close(SHUTDOWN_TEXT);
    this.#refusals.end();
    await this.#state.folder?.close();
  }

  /** Says goodbye to everybody and closes. What is saved afterwards is that there is nobody. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#ticking;
    this.#drainedMs ??= performance.now();
    const clients = [...this.#state.registry.all];
    const links = clients.map(({ link }) => link).filter((link) => link !== undefined);
    await Promise.all(links.map((link) => link.dismiss('server_shutdown', SHUTDOWN_TEXT)));
    await this.#port?.close(SHUTDOWN_TEXT);
    this.#refusals.end();
    for (const client of clients) this.#end(client);
    await this.#state.folder?.save([]);
    await this.#state.folder?.close();
  }

  register(message: Register, ends: ConnectionEnds, link: ClientLink): Welcome | RegisterRefusal {
    const { host, port } = ends.peer;
    const { addresses, registry } = this.#state;
    const result = this.#refusal() ?? registry.register(message, { ip: addresses.parse(host) ?? 0, port }, link);
    if (result.type === 'refused') {
      this.counters.refuse(result.code);
      this.#refusals.note(host, { why: result.text });
      return result;
    }
    const { client } = result;
    this.#noteRegistered(result);
    return { type: 'welcome', client, replies: this.#repliesTo(client, ends) };
  }

  /** Why nobody is let in now, if so. */
  #refusal(): RegisterRefusal | undefined {
    if (this.isDraining) return SHUTTING_DOWN;
    return this.#config.registration === 'nobody' ? CLOSED : undefined;
  }

  #noteRegistered({ client, isNew, before }: RegisteredLink): void {
    if (isNew) {
      this.counters.accepted++;
      this.#supervisor.claims.clear(client.index);
      client.known = this.#makeKnown(client);
    } else {
      this.counters.resumed++;
      void before?.dismiss('normal', 'the session goes on over another connection');
    }
  }

  async #makeKnown(client: Client): Promise<void> {
    await this.#supervisor.register(this.#state.registry.registeredAs(client));
    client.known = undefined;
  }

  /** Not before the data plane knows the client: what it sends from then on is not too early. */
  async #repliesTo(client: Client, ends: ConnectionEnds): Promise<OutgoingMessage[]> {
    await client.known;
    const acknowledgement = registerAck(this.#config, this.#addresses, client, this.#state.registry.secretOf(client), ends);
    return [acknowledgement, this.#serverInfo(client.dialect)];
  }

  #serverInfo(dialect: Dialect): OutgoingMessage {
    const drainingMs = this.#drainedMs === undefined ? undefined : this.#drainedMs - performance.now();
    return serverInfo(this.#config, this.#supervisor.sessionCount, dialect, drainingMs);
  }

  left(client: Client, link: ClientLink): void {
    if (client.link === link) this.#end(client);
  }

  lost(client: Client, link: ClientLink): void {
    if (client.link === link) this.#grace.begin(client, performance.now());
  }

  fault(error: unknown): void {
    this.#log.error({ why: messageOf(error) }, 'a fault in the control plane');
  }

  async #listen(bind: SocketAddress, own: OwnAddresses): Promise<void> {
    const { certificate } = this.#state.identity;
    this.#port = await ControlPort.open(bind, own, this.#config, certificate, this.#log, (connection) => {
      void new ClientConnection(connection, this).serve();
    });
    this.#timer = setInterval(() => {
      this.#ticking = this.#ticking.then(() => this.#tick()).catch((error: unknown) => this.fault(error));
    }, TICK_MS);
    this.#timer.unref();
  }

  get #running(): ControlPort {
    if (this.#port === undefined) throw new Error('the control plane does not listen');
    return this.#port;
  }

  async #tick(): Promise<void> {
    await this.#renewIdentity();
    await this.#state.gate?.refresh();
    this.#endExpired();
    await this.#endLost();
    this.#tellLoad();
    await this.#snapshots?.writeIfDue(performance.now());
  }

  async #renewIdentity(): Promise<void> {
    try {
      const certificate = await this.#state.identity.replaced();
      if (certificate === undefined) return;
      await this.#running.replaceCertificate(certificate);
      this.#log.info({ pin: this.pin }, 'uses a new certificate: clients connect again, and their sessions go on');
    } catch (error) {
      this.#log.error({ why: messageOf(error) }, 'the new certificate cannot be used: the old one stays in use');
    }
  }

  #endExpired(): void {
    for (const { sessionId, refusal } of this.#state.registry.expired()) {
      const client = this.#state.registry.get(sessionId);
      if (client === undefined) continue;
      this.counters.expired++;
      void client.link?.dismiss('auth_failed', refusal.text);
      this.#end(client);
    }
  }

  async #endLost(): Promise<void> {
    const due = this.#grace.allDue(this.#state.registry.all, performance.now());
    if (due.length === 0) return;
    const bound = due.filter((client) => this.#isBound(client)).map(({ sessionId }) => sessionId);
    const idleMs = bound.length === 0 ? undefined : await this.#supervisor.idleMsOf(bound);
    const nowMs = performance.now();
    for (const client of due) {
      // It may have come back meanwhile.
      if (!this.#grace.isDue(client, nowMs)) continue;
      // A worker that does not answer may be busy with its packets.
      const silentMs = this.#isBound(client) ? (idleMs?.get(client.sessionId) ?? 0) : undefined;
      if (!this.#grace.isOver(client, silentMs, nowMs)) continue;
      this.counters.abandoned++;
      this.#end(client);
    }
  }

  #tellLoad(): void {
    const percent = loadOf(this.#supervisor.sessionCount, this.#config.maxClients);
    if (this.isDraining || !this.#load.isDue(percent, performance.now())) return;
    for (const { link, dialect } of this.#state.registry.all) link?.send(this.#serverInfo(dialect));
  }

  #isBound({ index }: Client): boolean {
    return this.#supervisor.claims.isClaimed(index);
  }

  #end(client: Client): void {
    client.link = undefined;
    if (this.#state.registry.end(client)) this.#supervisor.unregister(client.sessionId);
  }
}
