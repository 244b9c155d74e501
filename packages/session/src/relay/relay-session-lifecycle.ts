import type { AddressHandle, Dialect, PathNumber, SessionToken } from '@lightspeed/wire';
import type { MultipathMode } from '../multipath.ts';
import { ReceiveState } from '../receive-state.ts';
import type { ClientAddress } from './client-address.ts';
import type { FlowReports } from './flow-reports.ts';
import type { FlowTable } from './flow-table.ts';
import type { LiveRegistration } from './registration-table.ts';
import { RelayCounter } from './relay-counters.ts';
import type { RelayParts } from './relay-parts.ts';
import { RelaySession } from './relay-session.ts';
import type { RelayPath } from './relay-session.ts';

/** What the lifecycle takes of a relay's parts: the tables and guards in which a session has a place. */
export interface LifecycleParts extends Pick<
  RelayParts,
  | 'addresses'
  | 'amplification'
  | 'bans'
  | 'claims'
  | 'clock'
  | 'counters'
  | 'fecTotals'
  | 'forwarding'
  | 'lossTotals'
  | 'memory'
  | 'options'
  | 'output'
  | 'rateLimiter'
  | 'reflection'
  | 'returns'
  | 'sessions'
> {
  readonly flows: FlowTable;
  readonly reports: FlowReports;
}

/** Opens and closes sessions, and gives them paths: in all tables and guards at once, so that none disagrees with another. */
export class RelaySessionLifecycle {
  readonly #parts: LifecycleParts;

  constructor(parts: LifecycleParts) {
    this.#parts = parts;
  }

  /**
   * Opens a session, without a path, for a client at an address.
   * @returns null if a limit is reached; `SessionTable.refusal` says which.
   */
  open(ip: AddressHandle, token: SessionToken, dialect: Dialect): RelaySession | null {
    const session = this.#open(ip, token, dialect, null);
    if (session !== null) session.receiving.window.startsOverOnDuplicates = true;
    return session;
  }

  /** The same for the session of a registration, which then is forwarded no more. */
  openRegistered(live: LiveRegistration, ip: AddressHandle): RelaySession | null {
    const { claims, forwarding } = this.#parts;
    live.session = this.#open(ip, live.token, live.dialect, live);
    if (live.session === null) claims?.release(live);
    else forwarding.forget(live.sessionId);
    return live.session;
  }

  #open(ip: AddressHandle, token: SessionToken, dialect: Dialect, live: LiveRegistration | null): RelaySession | null {
    const { amplification, clock, counters, rateLimiter, reflection, sessions } = this.#parts;
    const slot = sessions.reserve(ip);
    if (slot < 0) return null;
    const receiving = new ReceiveState(this.#parts, sessions.freshWindow(slot));
    const session = new RelaySession(slot, token, dialect, live, receiving, clock.nowMs);
    sessions.add(session);
    rateLimiter.reset(slot, clock.nowMs, live?.maxPps, live?.maxBps);
    amplification.reset(slot);
    reflection.reset(slot, clock.nowMs);
    counters.values[RelayCounter.sessionsOpened]++;
    return session;
  }

  /**
   * Gives a session a path by an address, which is this session's from now on. Neither another session here nor one that
   * another relay has keeps it.
   */
  addPath(session: RelaySession, number: PathNumber, at: ClientAddress): RelayPath {
    const { clock, forwarding, reports, sessions } = this.#parts;
    if (forwarding.size > 0) forwarding.remove(at.ip, at.port);
    const before = sessions.find(at.ip, at.port);
    if (before !== null) this.removePath(before);
    const path = sessions.addPath(session, number, at, clock.nowMs);
    reports.sessionChanged(session);
    return path;
  }

  /** Takes a path from its session. Another one becomes the primary one, if there is another. */
  removePath(path: RelayPath): void {
    const { session } = path;
    this.#parts.sessions.removePath(path);
    this.#parts.reports.sessionChanged(session);
  }

  /** Answers leave by this path from now on. */
  setPrimary(path: RelayPath): void {
    const { session } = path;
    if (session.primary === path) return;
    session.primary = path;
    // With duplicates it changes all the time, and no path is preferred.
    if (session.multipath === 'duplicate') return;
    // A snapshot names the primary path first.
    session.isChanged = true;
    this.#parts.reports.sessionChanged(session);
  }

  /** The client speaks to another address of the node by a path. */
  moveLocal(path: RelayPath, local: AddressHandle): void {
    this.#parts.sessions.moveLocal(path, local);
    this.#parts.reports.sessionChanged(path.session);
  }

  setMultipath(session: RelaySession, multipath: MultipathMode): void {
    if (session.multipath === multipath) return;
    session.multipath = multipath;
    session.isChanged = true;
    this.#parts.reports.sessionChanged(session);
  }

  /** Ends a session: its flows, its blocks, its slot. Its registration, if there is one, may be bound again. */
  close(session: RelaySession): void {
    const { claims, clock, flows, lossTotals, sessions } = this.#parts;
    flows.closeIdle(session, 0, clock.nowMs);
    session.receiving.close();
    lossTotals.end(session.slot, session.receiving.window);
    sessions.remove(session);
    if (session.registration === null) return;
    session.registration.session = null;
    claims?.release(session.registration);
  }

  /** Bans the address that gave the cause, ends its session, and tells the driver. */
  banFor(path: RelayPath): void {
    const { addresses, bans, clock, counters, options, output } = this.#parts;
    const high = addresses.prefixHigh(path.ip);
    const low = addresses.prefixLow(path.ip);
    bans.ban(high, low, clock.nowMs);
    counters.values[RelayCounter.bans]++;
    output.banned(high, low, options.banDurationMs);
    this.close(path.session);
  }
}
