import type { CounterBook } from '../tunnel/counter-book.ts';
import type { NodeTunnelMessage } from '../tunnel/messages.ts';
import type { Candidate } from './node-choice.ts';
import { NodeLink } from './node-link.ts';
import type { RegisteredSession } from './registered-session.ts';
import type { ParsedNodeSettings, ParsedRegisterSettings } from '../settings/register-settings.ts';

/** What was under way from a node that is left because it drains arrives within this time. */
const LEAVING_MS = 2_000;
/** A data plane that does not answer within this time, does not: the HANDSHAKE was repeated three times by then. */
const OPENING_MS = 2_000;

/** A node that restarts and keeps its sessions answers again within this time: moving to another one would cost more. */
const RESTARTING_MS = 5_000;

/** A node that is not in use, and whose data plane has not answered for so long, makes room for another one. */
const GIVE_UP_MS = 10_000;

/** A node as it is now. */
export interface NodeStatus {
  /** `HOST:PORT` of its control plane, as it was given. */
  readonly name: string;
  /** Data goes by it. */
  readonly used: boolean;
  /** The control connection is open. */
  readonly connected: boolean;
  /** Its data plane answers. */
  readonly up: boolean;
  readonly draining: boolean;
  readonly loadPercent: number | undefined;
  readonly version: string | undefined;
  /** By keepalives of the data plane; before the first one, by the control connection. */
  readonly rttMs: number | undefined;
  /** How far its clock is ahead of ours. */
  readonly clockOffsetMs: number | undefined;
  /** What it gave us; undefined before the first registration. */
  readonly session: RegisteredSession | undefined;
  /** The session is one that an earlier run of the program had: game servers see no other player. */
  readonly isOfEarlierRun: boolean;
}

/** A node that measures game servers for us. */
export interface MeasuringNode {
  readonly name: string;
  /** Data goes by it. */
  readonly used: boolean;
  /** Its data plane answers. */
  readonly up: boolean;
  /** As it is when it is read: what single keepalives took is not in it. Before the first one, by the control connection. */
  readonly rttMs: number | undefined;
  readonly link: NodeLink;
}

/** One of the nodes that a tunnel may use: its control connection, and what is known of its data plane. */
export class FleetNode {
  readonly link: NodeLink;
  readonly slot: number;
  /** We have ended its session, because it drains and data goes by another node: the next registration needs a new node tunnel. */
  ended = false;
  #established = false;
  /** Until when it may take to answer for the first time. */
  #openingUntilMs = Number.NEGATIVE_INFINITY;
  /** Until when it may take to answer again, because it restarts. */
  #restartingUntilMs = Number.NEGATIVE_INFINITY;
  /** Whether its node tunnel was started: what is told of the slot before is about another one. */
  #placed = false;
  /** Since when its data plane does not answer. */
  #silentSinceMs = Number.POSITIVE_INFINITY;
  /** Since when it drains without being used. */
  #leavingMs: number | undefined;

  constructor(node: ParsedNodeSettings, settings: ParsedRegisterSettings, slot: number) {
    this.link = new NodeLink(node, settings);
    this.slot = slot;
  }

  get isUp(): boolean {
    return this.#established;
  }

  /** Something has happened to its node tunnel. */
  take(message: NodeTunnelMessage): void {
    if (!this.#placed) return;
    if (message.type === 'attacked') this.link.reportAttack();
    if (message.type === 'event' && message.event !== 'closed') {
      this.#established = message.event === 'established' && !this.ended;
      this.#openingUntilMs = Number.NEGATIVE_INFINITY;
      if (message.event === 'lost') this.link.check();
      else if (message.event === 'ended-by-node') this.link.renew();
    }
  }

  /** It restarts, and keeps its sessions. */
  restarts(nowMs: number): void {
    this.#restartingUntilMs = nowMs + RESTARTING_MS;
  }

  /** Its node tunnel starts. */
  placed(nowMs: number): void {
    this.#placed = true;
    this.#silentSinceMs = Number.POSITIVE_INFINITY;
    this.#openingUntilMs = nowMs + OPENING_MS;
    this.ended = false;
    this.#established = false;
    this.#leavingMs = undefined;
  }

  /** To be called now and then. @returns whether it is time to end its session, so that it need not wait for us. */
  shallEnd(used: boolean, nowMs: number): boolean {
    if (used || !this.link.draining || this.ended) {
      this.#leavingMs = undefined;
      return false;
    }
    this.#leavingMs ??= nowMs;
    if (nowMs - this.#leavingMs < LEAVING_MS) return false;
    this.end();
    return true;
  }

  /** Its session is over, and no data goes by it any more. */
  end(): void {
    this.ended = true;
    this.#established = false;
    this.#openingUntilMs = Number.NEGATIVE_INFINITY;
  }

  /** To be called now and then. @returns whether another node shall have its place, if it is not in use. */
  shallMakeRoom(nowMs: number): boolean {
    const silent = !this.isUp && nowMs >= this.#openingUntilMs;
    this.#silentSinceMs = silent ? Math.min(this.#silentSinceMs, nowMs) : Number.POSITIVE_INFINITY;
    return nowMs - this.#silentSinceMs >= GIVE_UP_MS;
  }

  candidate(rttMs: number | undefined, nowMs: number): Candidate {
    return {
      slot: this.slot,
      up: this.isUp,
      opening: nowMs < Math.max(this.#openingUntilMs, this.#restartingUntilMs),
      draining: this.link.draining,
      rttMs,
    };
  }

  /** What {@link MeasuringNode} says; undefined if the node does not measure. */
  measuring(used: boolean, counters: Pick<CounterBook, 'recentRttMs'>): MeasuringNode | undefined {
    const { link, slot, isUp: up } = this;
    if (link.session?.measures !== true) return undefined;
    const { name } = link.node;
    return {
      name,
      used,
      up,
      get rttMs() {
        return counters.recentRttMs(slot, name) ?? link.roundTripMs;
      },
      link,
    };
  }

  status(used: boolean, rttMs: number | undefined): NodeStatus {
    const { link } = this;
    return {
      name: link.node.name,
      used,
      connected: link.connected,
      up: this.isUp,
      draining: link.draining,
      loadPercent: link.loadPercent,
      version: link.version,
      rttMs: rttMs ?? link.roundTripMs,
      clockOffsetMs: link.clockOffsetMs,
      session: link.session,
      isOfEarlierRun: link.isOfEarlierRun,
    };
  }
}
