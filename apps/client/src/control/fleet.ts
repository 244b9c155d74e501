import { TUNNEL_COUNTERS_BYTES } from '@lightspeed/session';
import type { Endpoint } from '@lightspeed/wire';
import { ClientError } from '../errors.ts';
import { VIA_SLOT } from '../tunnel/messages.ts';
import type { Command, NodeTunnelMessage, NodeTunnelSettings } from '../tunnel/messages.ts';
import { DEFAULT_TUNNEL_SETTINGS } from '../tunnel/settings.ts';
import type { ParsedTunnelSettings } from '../tunnel/settings.ts';
import type { CounterBook } from '../tunnel/stats.ts';
import { FleetNode } from './fleet-node.ts';
import type { NodeStatus } from './fleet-node.ts';
import { NodeChoice } from './node-choice.ts';
import type { Candidate, MoveReason } from './node-choice.ts';
import type { RegisteredSession } from './registered-session.ts';
import type { ParsedRegisterSettings } from './settings.ts';

/** Nodes that take this much longer to register than the first one join later. */
const SLOWER_MS = 1_000;
const LOOK_MS = 1_000;
/** A game that has not sent anything for so long is over. */
const PLAYING_MS = 30_000;
const NO_SECRET = 'the node gave no secret for the session, so it can have one path only';

/**
 * What has become of a control connection. `renewed`: the node had another certificate to show, for which it closed the
 * connection; it is back, and the session was not touched.
 */
export type ControlState = 'lost' | 'refused' | 'resumed' | 'new-session' | 'renewed';

/** What a fleet tells. */
export interface FleetListener {
  command(command: Command): void;
  moved(node: NodeStatus, why: MoveReason): void;
  draining(node: NodeStatus, ms: number): void;
  control(node: NodeStatus, state: ControlState, text: string): void;
}

/** The nodes with which a tunnel is registered, and the choice of the one by which data goes. */
export class Fleet {
  readonly #settings: ParsedTunnelSettings;
  readonly #nodes: readonly FleetNode[];
  /** The node through which one more path leads to the others. */
  readonly #via: FleetNode | undefined;
  readonly #counters: CounterBook;
  #choice = new NodeChoice(0);
  #listener: FleetListener | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sentBefore = 0;
  #sentMs = Number.NEGATIVE_INFINITY;

  constructor(register: ParsedRegisterSettings, settings: ParsedTunnelSettings, counters: CounterBook) {
    this.#settings = settings;
    this.#counters = counters;
    this.#via = register.via === undefined ? undefined : new FleetNode(register.via, register, VIA_SLOT);
    this.#nodes = register.nodes.map((node, slot) => new FleetNode(node, register, slot));
  }

  /**
   * Registers with all nodes, waiting for the first and a little longer.
   * @returns the node tunnels, the best one first, and that of the node through which a path leads.
   * @throws {ClientError} (rejection) of the first node, if there is none that takes us.
   */
  async start(): Promise<{ nodeTunnels: NodeTunnelSettings[]; via: NodeTunnelSettings | undefined }> {
    const via = this.#via?.link.start();
    via?.catch(() => undefined);
    const attempts = this.#nodes.map(({ link }) => link.start());
    await firstOnes(attempts);
    const viaSession = await via;
    for (const [index, attempt] of attempts.entries()) attempt.catch(() => this.#nodes[index].link.keepTrying());
    const ready = this.#nodes.filter(({ link: { session } }) => session !== undefined && this.#suffices(session));
    if (ready.length === 0) throw new ClientError('ERR_CLIENT_NOT_REGISTERED', NO_SECRET);
    const rtt = ({ link }: FleetNode) => link.roundTripMs ?? Number.POSITIVE_INFINITY;
    const sorted = ready.toSorted((a, b) => rtt(a) - rtt(b));
    this.#choice = new NodeChoice(sorted[0].slot);
    const nodeTunnels = sorted.flatMap(({ link, slot }) => (link.session === undefined ? [] : [this.#nodeTunnel(slot, link.session)]));
    return { nodeTunnels, via: viaSession === undefined ? undefined : this.#nodeTunnel(VIA_SLOT, viaSession) };
  }

  /** From now on it tells what happens, and looks after it. Registrations since {@link start} are told at once. */
  attach(listener: FleetListener, placed: readonly NodeTunnelSettings[]): void {
    this.#listener = listener;
    for (const node of this.#nodes) {
      const { session } = node.link;
      const known = placed.some(({ slot, nonces }) => slot === node.slot && nonces === session?.nonces);
      if (!known && session !== undefined) this.#place(node, session);
      this.#follow(node);
    }
    if (this.#via !== undefined) this.#follow(this.#via);
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  get used(): number {
    return this.#choice.used;
  }

  /** The data-plane address of the node in use. */
  get node(): Endpoint {
    const { session } = this.#nodes[this.used].link;
    return session?.data ?? { ip: 0, port: 0 };
  }

  statuses(): NodeStatus[] {
    return this.#nodes.map((node) => this.#status(node));
  }

  /** Something has happened to a node tunnel. */
  take(message: NodeTunnelMessage): void {
    this.#fleetNodeOf(message.slot)?.take(message);
    this.#reconsider();
  }

  /** The machine's addresses have changed. */
  check(): void {
    for (const { link } of this.#nodes) link.check();
    this.#via?.link.check();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#nodes.map(({ link }) => link.close()), this.#via?.link.close()]);
  }

  #follow(node: FleetNode): void {
    const { link } = node;
    link.on('registered', (session, resumed) => {
      if (!resumed || node.ended) this.#place(node, session);
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
      this.#listener?.control(this.#status(node), 'renewed', 'the node has a new certificate; nothing else has changed');
    });
    link.on('disconnected', (why) => this.#listener?.control(this.#status(node), 'lost', why));
    link.on('refused', ({ message }) => this.#listener?.control(this.#status(node), 'refused', message));
  }

  #place(node: FleetNode, session: RegisteredSession): void {
    if (node !== this.#via && !this.#suffices(session)) {
      this.#listener?.control(this.#status(node), 'refused', NO_SECRET);
      return;
    }
    this.#listener?.command({ type: 'node-tunnel', nodeTunnel: this.#nodeTunnel(node.slot, session) });
  }

  #fleetNodeOf(slot: number): FleetNode | undefined {
    return slot === VIA_SLOT ? this.#via : this.#nodes[slot];
  }

  /** Without a secret there is one path only. */
  #suffices({ secret }: RegisteredSession): boolean {
    return secret !== undefined || (this.#settings.paths.length === 0 && this.#via === undefined);
  }

  #nodeTunnel(slot: number, session: RegisteredSession): NodeTunnelSettings {
    const { sessionId, token, secret, data, nonces } = session;
    const { dialect, keepaliveMs } = this.#settings;
    const counters = new SharedArrayBuffer(TUNNEL_COUNTERS_BYTES);
    this.#counters.add(slot, counters);
    this.#fleetNodeOf(slot)?.placed(performance.now());
    return {
      slot,
      node: data,
      dialect,
      token,
      keepaliveMs: keepaliveMs ?? session.keepaliveMs ?? DEFAULT_TUNNEL_SETTINGS.keepaliveMs,
      registration: secret === undefined ? undefined : { sessionId, secret },
      nonces,
      counters,
    };
  }

  #status(node: FleetNode): NodeStatus {
    return node.status(node.slot === this.used, this.#rttMs(node.slot));
  }

  #candidates(): Candidate[] {
    return this.#nodes.map((node) => node.candidate(this.#rttMs(node.slot), performance.now()));
  }

  #rttMs(slot: number): number | undefined {
    return this.#counters.rttMs(slot);
  }

  #reconsider(): void {
    this.#moved(this.#choice.reconsider(this.#candidates()));
  }

  #look(): void {
    const sent = this.#counters.localPackets();
    if (sent !== this.#sentBefore) this.#sentMs = performance.now();
    this.#sentBefore = sent;
    const nowMs = performance.now();
    this.#moved(this.#choice.look(this.#candidates(), nowMs - this.#sentMs < PLAYING_MS));
    for (const node of this.#nodes) {
      const { slot } = node;
      if (node.shallEnd(slot === this.used, nowMs)) this.#listener?.command({ type: 'end', slot });
    }
  }

  #moved(why: MoveReason | undefined): void {
    if (why === undefined) return;
    this.#listener?.command({ type: 'use', slot: this.used });
    this.#listener?.moved(this.#status(this.#nodes[this.used]), why);
  }
}

/** Resolves when all have ended, or some time after the first success. */
async function firstOnes(attempts: readonly Promise<unknown>[]): Promise<void> {
  try {
    await Promise.any(attempts);
  } catch (thrown) {
    if (thrown instanceof AggregateError) throw failureOf(thrown.errors);
    throw thrown;
  }
  let timer: NodeJS.Timeout | undefined;
  const slower = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, SLOWER_MS);
  });
  await Promise.race([Promise.allSettled(attempts), slower]);
  clearTimeout(timer);
}

/** One node's failure as it is; those of several in one message. */
function failureOf(errors: readonly unknown[]): unknown {
  const known = errors.filter((error) => error instanceof ClientError);
  if (known.length !== errors.length || known.length < 2) return errors[0];
  return new ClientError(known[0].code, known.map(({ message }) => message).join('; '), { cause: known[0] });
}
