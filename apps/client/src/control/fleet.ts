import { TUNNEL_COUNTERS_BYTES } from '@lightspeed/session';
import type { Endpoint } from '@lightspeed/wire';
import { ClientError } from '../errors.ts';
import { VIA_SLOT } from '../tunnel/messages.ts';
import type { Command, LegMessage, LegSettings } from '../tunnel/messages.ts';
import { DEFAULT_TUNNEL_SETTINGS } from '../tunnel/settings.ts';
import type { ParsedTunnelSettings } from '../tunnel/settings.ts';
import type { CounterBook } from '../tunnel/stats.ts';
import { Member } from './member.ts';
import type { NodeStatus } from './member.ts';
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
  readonly #members: readonly Member[];
  /** The node through which one more path leads to the others. */
  readonly #via: Member | undefined;
  readonly #counters: CounterBook;
  #choice = new NodeChoice(0);
  #listener: FleetListener | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sentBefore = 0;
  #sentMs = Number.NEGATIVE_INFINITY;

  constructor(register: ParsedRegisterSettings, settings: ParsedTunnelSettings, counters: CounterBook) {
    this.#settings = settings;
    this.#counters = counters;
    this.#via = register.via === undefined ? undefined : new Member(register.via, register, VIA_SLOT);
    this.#members = register.nodes.map((node, slot) => new Member(node, register, slot));
  }

  /**
   * Registers with all nodes, waiting for the first and a little longer.
   * @returns the legs, the best one first, and that of the node through which a path leads.
   * @throws {ClientError} (rejection) of the first node, if there is none that takes us.
   */
  async start(): Promise<{ legs: LegSettings[]; via: LegSettings | undefined }> {
    const via = this.#via?.link.start();
    via?.catch(() => undefined);
    const attempts = this.#members.map(({ link }) => link.start());
    await firstOnes(attempts);
    const viaSession = await via;
    for (const [index, attempt] of attempts.entries()) attempt.catch(() => this.#members[index].link.keepTrying());
    const ready = this.#members.filter(({ link: { session } }) => session !== undefined && this.#suffices(session));
    if (ready.length === 0) throw new ClientError('ERR_CLIENT_NOT_REGISTERED', NO_SECRET);
    const rtt = ({ link }: Member) => link.roundTripMs ?? Number.POSITIVE_INFINITY;
    const sorted = ready.toSorted((a, b) => rtt(a) - rtt(b));
    this.#choice = new NodeChoice(sorted[0].slot);
    const legs = sorted.flatMap(({ link, slot }) => (link.session === undefined ? [] : [this.#leg(slot, link.session)]));
    return { legs, via: viaSession === undefined ? undefined : this.#leg(VIA_SLOT, viaSession) };
  }

  /** From now on it tells what happens, and looks after it. Registrations since {@link start} are told at once. */
  attach(listener: FleetListener, placed: readonly LegSettings[]): void {
    this.#listener = listener;
    for (const member of this.#members) {
      const { session } = member.link;
      const known = placed.some(({ slot, nonces }) => slot === member.slot && nonces === session?.nonces);
      if (!known && session !== undefined) this.#place(member, session);
      this.#follow(member);
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
    const { session } = this.#members[this.used].link;
    return session?.data ?? { ip: 0, port: 0 };
  }

  statuses(): NodeStatus[] {
    return this.#members.map((member) => this.#status(member));
  }

  /** Something has happened to a leg. */
  take(message: LegMessage): void {
    this.#memberOf(message.slot)?.take(message);
    this.#reconsider();
  }

  /** The machine's addresses have changed. */
  check(): void {
    for (const { link } of this.#members) link.check();
    this.#via?.link.check();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#members.map(({ link }) => link.close()), this.#via?.link.close()]);
  }

  #follow(member: Member): void {
    const { link } = member;
    link.on('registered', (session, resumed) => {
      if (!resumed || member.ended) this.#place(member, session);
      const text = resumed ? 'the control connection is back' : 'registered with the node';
      this.#listener?.control(this.#status(member), resumed ? 'resumed' : 'new-session', text);
    });
    link.on('draining', (ms) => {
      this.#listener?.draining(this.#status(member), ms);
      this.#reconsider();
    });
    link.on('renewed', () => {
      // While nobody looked, the node's leg may have been taken down.
      if (member.ended && link.session !== undefined) this.#place(member, link.session);
      this.#listener?.control(this.#status(member), 'renewed', 'the node has a new certificate; nothing else has changed');
    });
    link.on('disconnected', (why) => this.#listener?.control(this.#status(member), 'lost', why));
    link.on('refused', ({ message }) => this.#listener?.control(this.#status(member), 'refused', message));
  }

  #place(member: Member, session: RegisteredSession): void {
    if (member !== this.#via && !this.#suffices(session)) {
      this.#listener?.control(this.#status(member), 'refused', NO_SECRET);
      return;
    }
    this.#listener?.command({ type: 'leg', leg: this.#leg(member.slot, session) });
  }

  #memberOf(slot: number): Member | undefined {
    return slot === VIA_SLOT ? this.#via : this.#members[slot];
  }

  /** Without a secret there is one path only. */
  #suffices({ secret }: RegisteredSession): boolean {
    return secret !== undefined || (this.#settings.paths.length === 0 && this.#via === undefined);
  }

  #leg(slot: number, session: RegisteredSession): LegSettings {
    const { sessionId, token, secret, data, nonces } = session;
    const { dialect, keepaliveMs } = this.#settings;
    const counters = new SharedArrayBuffer(TUNNEL_COUNTERS_BYTES);
    this.#counters.add(slot, counters);
    this.#memberOf(slot)?.placed(performance.now());
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

  #status(member: Member): NodeStatus {
    return member.status(member.slot === this.used, this.#rttMs(member.slot));
  }

  #candidates(): Candidate[] {
    return this.#members.map((member) => member.candidate(this.#rttMs(member.slot), performance.now()));
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
    for (const member of this.#members) {
      const { slot } = member;
      if (member.shallEnd(slot === this.used, nowMs)) this.#listener?.command({ type: 'end', slot });
    }
  }

  #moved(why: MoveReason | undefined): void {
    if (why === undefined) return;
    this.#listener?.command({ type: 'use', slot: this.used });
    this.#listener?.moved(this.#status(this.#members[this.used]), why);
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
