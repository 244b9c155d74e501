import type { RefusedDestination } from '@lightspeed/control';
import { TUNNEL_COUNTERS_BYTES } from '@lightspeed/session';
import type { SocketAddress } from '@lightspeed/wire';
import type { PolicyRule } from '../way/way-policy.ts';
import { WAY_DIRECT } from '../way/way-policy.ts';
import { ClientError } from '../base/errors.ts';
import { VIA_SLOT, preferredAddress } from '../tunnel/messages.ts';
import type { Command, NodeTunnelMessage, NodeTunnelSettings } from '../tunnel/messages.ts';
import { DEFAULT_TUNNEL_SETTINGS } from '../settings/tunnel-settings.ts';
import type { ParsedTunnelSettings } from '../settings/tunnel-settings.ts';
import type { CounterBook } from '../tunnel/counter-book.ts';
import { ActiveNodes } from './active-nodes.ts';
import { FleetNode } from './fleet-node.ts';
import type { MeasuringNode, NodeStatus } from './fleet-node.ts';
import { NodeReports } from './node-reports.ts';
import { NodeChoice } from './node-choice.ts';
import type { MoveReason } from './node-choice.ts';
import type { RegisteredSession } from './registered-session.ts';
import { hasExpired } from './refusal.ts';
import { sessionObstacle } from './session-obstacle.ts';
import type { ParsedRegisterSettings } from '../settings/register-settings.ts';

const LOOK_MS = 1_000;
/** A game that has not sent anything for so long is over. */
const PLAYING_MS = 30_000;

/**
 * What has become of a control connection. `renewed`: the node has closed it to show another certificate, or to restart. It is
 * back, and the session was not touched.
 */
export type ControlState = 'lost' | 'refused' | 'resumed' | 'new-session' | 'renewed' | 'tagged';

/** What a fleet tells. */
export interface FleetListener {
  command(command: Command): void;
  moved(node: NodeStatus, why: MoveReason): void;
  draining(node: NodeStatus, ms: number): void;
  control(node: NodeStatus, state: ControlState, text: string): void;
  /** A node does not relay to a game server; told once for each and reason. */
  destinationRefused(node: NodeStatus, destination: RefusedDestination): void;
  /** No node takes our ticket any more. */
  over(error: ClientError): void;
}

/** The nodes with which a client is registered, and the choice of the one by which flows go that no rule sends by another. */
export class Fleet {
  readonly #settings: ParsedTunnelSettings;
  readonly #active: ActiveNodes;
  /** The node through which one more path leads to the others. */
  readonly #via: FleetNode | undefined;
  readonly #counters: CounterBook;
  readonly reports = new NodeReports();
  #choice = new NodeChoice(0);
  #listener: FleetListener | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sentBefore = 0;
  #sentMs = Number.NEGATIVE_INFINITY;

  constructor(register: ParsedRegisterSettings, settings: ParsedTunnelSettings, counters: CounterBook) {
    this.#settings = settings;
    this.#counters = counters;
    this.#via = register.via === undefined ? undefined : new FleetNode(register.via, { ...register, protection: undefined }, VIA_SLOT);
    this.#active = new ActiveNodes(register, new Set(settings.ways.flatMap(({ node }) => node ?? [])), {
      joined: (node) => {
        if (this.#listener !== undefined) this.#follow(node);
      },
      left: ({ slot }) => this.#listener?.command({ type: 'end', slot }),
      refused: (node, { message }) => this.#listener?.control(this.#status(node), 'refused', message),
      dismissed: (node, error) => this.#dismissed(node, error),
    });
  }

  /**
   * Registers with all nodes, waiting for the first and a little longer.
   * @returns the node tunnels, the best one first, and that of the node through which a path leads.
   * @throws {ClientError} (rejection) of the first node, if there is none that takes us.
   */
  async start(): Promise<{ nodeTunnels: NodeTunnelSettings[]; via: NodeTunnelSettings | undefined }> {
    const via = this.#via?.link.start();
    via?.catch(() => undefined);
    await this.#active.start();
    const viaSession = await via;
    const registered = this.#active.all.filter(({ link: { session } }) => session !== undefined);
    const ready = registered.filter((node) => node.link.session !== undefined && this.#obstacle(node, node.link.session) === undefined);
    if (ready.length === 0) throw this.#unusable(registered);
    const sorted = ready.toSorted((a, b) => (a.link.roundTripMs ?? Infinity) - (b.link.roundTripMs ?? Infinity));
    this.#choice = new NodeChoice(sorted[0].slot);
    const nodeTunnels = sorted.flatMap(({ link, slot }) => (link.session === undefined ? [] : [this.#nodeTunnel(slot, link.session)]));
    return { nodeTunnels, via: viaSession === undefined ? undefined : this.#nodeTunnel(VIA_SLOT, viaSession) };
  }

  /** From now on it tells what happens, and looks after it. Registrations since {@link start} are told at once. */
  attach(listener: FleetListener, placed: readonly NodeTunnelSettings[]): void {
    this.#listener = listener;
    for (const node of this.#active.all) {
      const { session } = node.link;
      const known = placed.some(({ slot, nonces }) => slot === node.slot && nonces === session?.nonces);
      if (!known && session !== undefined) this.#place(node, session);
    }
    for (const node of [...this.#active.all, ...(this.#via === undefined ? [] : [this.#via])]) {
      this.#follow(node);
      this.#startTags(node);
    }
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  get used(): number {
    return this.#choice.used;
  }

  /** The data-plane address of the node in use; undefined before it has registered. */
  get node(): SocketAddress | undefined {
    const { session } = this.#active.at(this.used).link;
    return session && preferredAddress(session.data);
  }

  /** The rules of the settings, with the slots of the nodes that they name. */
  rules(): PolicyRule[] {
    return this.#settings.ways.map(({ ip, mask, port, node }) => {
      const slot = this.#active.all.findIndex(({ link }) => link.node.name === node);
      return { ip, mask, port, way: node === undefined ? WAY_DIRECT : slot };
    });
  }

  statuses(): NodeStatus[] {
    return this.#active.all.map((node) => this.#status(node));
  }

  measuring(): MeasuringNode[] {
    return this.#active.all.flatMap((node) => node.measuring(node.slot === this.used, this.#counters) ?? []);
  }

  /** A node's slot; undefined for the one in use, whose flows go along with it. */
  wayOf(name: string): number | undefined {
    return this.#active.all.find(({ link, slot }) => link.node.name === name && slot !== this.used)?.slot;
  }

  /** Something has happened to a node tunnel. */
  take(message: NodeTunnelMessage): void {
    this.#fleetNodeOf(message.slot)?.take(message);
    this.#reconsider();
  }

  /** The machine's addresses have changed. */
  check(): void {
    for (const { link } of this.#active.all) link.check();
    this.#via?.link.check();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([this.#active.close(), this.#via?.link.close()]);
  }

  #follow(node: FleetNode): void {
    const { link } = node;
    link.on('registered', (session, resumed) => {
      if (!resumed || node.ended) this.#place(node, session);
      else this.#goOn(node, session);
      const text = resumed ? 'the control connection is back' : 'registered with the node';
      this.#listener?.control(this.#status(node), resumed ? 'resumed' : 'new-session', text);
    });
    link.on('draining', (ms) => {
      this.#listener?.draining(this.#status(node), ms);
      this.#reconsider();
    });
    link.on('renewed', () => {
      // While nobody looked, the node's node tunnel may have been taken down.
      if (node.ended && link.session !== undefined) this.#place(node, link.session);
      else this.#goOn(node, link.session);
      this.#listener?.control(this.#status(node), 'renewed', 'the node has a new certificate or was restarted; the session goes on');
    });
    link.on('tags', () => {
      this.#startTags(node);
      this.#listener?.control(this.#status(node), 'tagged', 'the node wants tags on packets; forged ones do not count any more');
    });
    link.on('report', (report) => {
      const refused = this.reports.take(link.node.name, report, link.session?.limits, node === this.#via);
      for (const destination of refused) this.#listener?.destinationRefused(this.#status(node), destination);
    });
    link.on('restarts', () => node.restarts(performance.now()));
    link.on('dismissed', (error) => this.#dismissed(node, error));
    link.on('disconnected', (why) => this.#listener?.control(this.#status(node), 'lost', why));
    link.on('refused', ({ message }) => {
      this.#listener?.control(this.#status(node), 'refused', message);
      if (!node.isUp) this.#makeRoom(node);
    });
  }

  /** The session goes on: what was agreed on last holds. */
  #goOn(node: FleetNode, session: RegisteredSession | undefined): void {
    this.#listener?.command({ type: 'agree', slot: node.slot, terms: session?.protection });
    this.#startTags(node);
  }

  /** Also when the node is back: its clock may have started over, and its timestamps with it. */
  #startTags({ link, slot }: FleetNode): void {
    if (link.wantsTags) this.#listener?.command({ type: 'tag', slot });
  }

  /** One node's refusal ends nothing but what goes by it, as long as there is another one. */
  #dismissed(node: FleetNode, error: ClientError): void {
    node.end();
    this.#listener?.command({ type: 'end', slot: node.slot });
    this.#listener?.control(this.#status(node), 'refused', error.message);
    if (node === this.#via) return;
    this.#active.replace(node);
    if (this.#active.areAllDismissed || (hasExpired(error) && !this.#active.isAnyConnected)) this.#listener?.over(error);
    else this.#reconsider();
  }

  #place(node: FleetNode, session: RegisteredSession): void {
    const obstacle = node === this.#via ? undefined : this.#obstacle(node, session);
    if (obstacle !== undefined) {
      this.#listener?.control(this.#status(node), 'refused', obstacle);
      return;
    }
    this.#listener?.command({ type: 'node-tunnel', nodeTunnel: this.#nodeTunnel(node.slot, session) });
  }

  #fleetNodeOf(slot: number): FleetNode | undefined {
    return slot === VIA_SLOT ? this.#via : this.#active.at(slot);
  }

  #obstacle({ link }: FleetNode, session: RegisteredSession): string | undefined {
    return sessionObstacle(session, this.#settings, this.#via !== undefined, link.node.host);
  }

  #unusable(registered: readonly FleetNode[]): ClientError {
    const reasons = registered.flatMap((node) => {
      const { session, node: settings } = node.link;
      const obstacle = session && this.#obstacle(node, session);
      return obstacle === undefined ? [] : [registered.length === 1 ? obstacle : `${settings.name}: ${obstacle}`];
    });
    return new ClientError('ERR_CLIENT_NOT_REGISTERED', reasons.join('; '));
  }

  #makeRoom(node: FleetNode): void {
    if (node !== this.#via && node.slot !== this.used) this.#active.replace(node);
  }

  #nodeTunnel(slot: number, session: RegisteredSession): NodeTunnelSettings {
    const { sessionId, token, secret, data, nonces } = session;
    const { dialect, keepaliveMs } = this.#settings;
    const counters = new SharedArrayBuffer(TUNNEL_COUNTERS_BYTES);
    const node = this.#fleetNodeOf(slot);
    this.#counters.add(slot, node?.link.node.name ?? '', counters);
    node?.placed(performance.now());
    return {
      slot,
      node: data,
      dialect,
      token,
      keepaliveMs: keepaliveMs ?? session.keepaliveMs ?? DEFAULT_TUNNEL_SETTINGS.keepaliveMs,
      registration: secret === undefined ? undefined : { sessionId, secret },
      nonces,
      counters,
      wantsTags: node?.link.wantsTags ?? false,
      terms: session.protection,
    };
  }

  #status(node: FleetNode): NodeStatus {
    return node.status(node.slot === this.used, this.#rttMs(node));
  }

  #rttMs({ slot, link }: FleetNode): number | undefined {
    return this.#counters.rttMs(slot, link.node.name);
  }

  #reconsider(): void {
    this.#moved(this.#choice.reconsider(this.#active.candidates((node) => this.#rttMs(node))));
  }

  #look(): void {
    const sent = this.#counters.localPackets();
    if (sent !== this.#sentBefore) this.#sentMs = performance.now();
    this.#sentBefore = sent;
    const nowMs = performance.now();
    this.#moved(
      this.#choice.look(
        this.#active.candidates((node) => this.#rttMs(node)),
        nowMs - this.#sentMs < PLAYING_MS,
      ),
    );
    for (const node of [...this.#active.all]) {
      const { slot } = node;
      const used = slot === this.used || this.#active.isNamed(node);
      if (node.shallEnd(used, nowMs)) this.#listener?.command({ type: 'end', slot });
      if (node.shallMakeRoom(nowMs)) this.#makeRoom(node);
    }
  }

  #moved(why: MoveReason | undefined): void {
    if (why === undefined) return;
    this.#listener?.command({ type: 'use', slot: this.used });
    this.#listener?.moved(this.#status(this.#active.at(this.used)), why);
  }
}
