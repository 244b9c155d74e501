import { AmplificationCredit, UNVALIDATED_RATIO } from '@lightspeed/security';
import { isIpv6 } from '@lightspeed/wire';
import type { AddressHandle, Dialect, PathNumber, SessionToken } from '@lightspeed/wire';
import type { MultipathMode } from '../base/multipath.ts';
import { ReceiveState } from '../receive-state.ts';
import type { ClientAddress } from './client-address.ts';
import type { FlowReports } from './flow-reports.ts';
import type { FlowTable } from './flow-table.ts';
import type { LiveRegistration } from './registration-table.ts';
import { RelayCounter } from './relay-counters.ts';
import type { RelayParts } from './relay-parts.ts';
import { RelaySession } from './relay-session.ts';
import type { SessionProtection } from './session-protection.ts';
import type { AddressPrefix } from './address-prefix.ts';
import type { RelayPath } from './relay-session.ts';

/** A path that is not validated ends after so long without a packet: two keepalives of the usual pause. */
const UNVALIDATED_TIMEOUT_MS = 10_000;
/** For so long without a packet of a client that cannot answer challenges its former address counts as left. */
const LEFT_AFTER_MS = 2_000;

/** What the lifecycle takes of a relay's parts: the tables and guards in which a session has a place. */
export interface LifecycleParts extends Pick<
  RelayParts,
  | 'addresses'
  | 'claims'
  | 'clock'
  | 'counters'
  | 'fecTotals'
  | 'forwarding'
  | 'lossTotals'
  | 'memory'
  | 'options'
  | 'output'
  | 'limits'
  | 'refusals'
  | 'returns'
  | 'sessions'
  | 'shares'
> {
  readonly flows: FlowTable;
  readonly protection: SessionProtection;
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
    const { addresses } = this.#parts;
    const prefix = { prefixHigh: addresses.prefixHigh(ip), prefixLow: addresses.prefixLow(ip) };
    const session = this.#open(prefix, token, dialect, null);
    if (session !== null) session.receiving.window.startsOverOnDuplicates = true;
    return session;
  }

  /** The same for the session of a registration, which then is forwarded no more. It counts for the address that registered. */
  openRegistered(live: LiveRegistration): RelaySession | null {
    const { claims, forwarding, protection } = this.#parts;
    live.session = this.#open(live, live.token, live.dialect, live);
    if (live.session === null) claims?.release(live);
    else {
      forwarding.forget(live.sessionId);
      protection.settle(live.session, live.protection);
    }
    return live.session;
  }

  #open(prefix: AddressPrefix, token: SessionToken, dialect: Dialect, live: LiveRegistration | null): RelaySession | null {
    const { claims, clock, counters, limits, options, sessions, shares } = this.#parts;
    const slot = sessions.reserve(prefix.prefixHigh, prefix.prefixLow);
    if (slot < 0) return null;
    const receiving = new ReceiveState(shares.supplyFor(live, prefix), sessions.freshWindow(slot));
    const session = new RelaySession(slot, token, dialect, live, prefix, receiving, clock.nowMs);
    sessions.add(session);
    const maxPps = live?.maxPps ?? options.maxPpsPerClient;
    const maxBps = live?.maxBps ?? options.maxBpsPerClient;
    const isFresh = live !== null && claims?.takeFresh(live) === true;
    limits.open(slot, live, prefix, isFresh, clock.nowMs, maxPps, maxBps);
    counters.values[RelayCounter.sessionsOpened]++;
    return session;
  }

  /**
   * A proof of a session came from an address, for one of its paths. Only an address that is validated takes the place of
   * another one, or is taken from another session, here or at another relay.
   * @returns the path that has the address now, or null while the address is somebody else's.
   */
  bindPath(session: RelaySession, number: PathNumber, at: ClientAddress, isValidated: boolean): RelayPath | null {
    const { counters, forwarding, sessions } = this.#parts;
    const holder = sessions.find(at.ip, at.port);
    if (holder !== null && holder.session === session && holder.number === number) {
      if (isValidated) this.validate(holder);
      return holder;
    }
    if (!isValidated && ((holder !== null && holder.session !== session) || forwarding.find(at.ip, at.port) >= 0)) return null;
    if (pathNumbered(session, number) === null && session.pathCount > 0) counters.values[RelayCounter.pathsAdded]++;
    const path = this.addPath(session, number, at, isValidated ? 0 : UNVALIDATED_RATIO);
    if (isValidated) this.#takeOver(path);
    else this.#removeOthers(path, (other) => !other.isValidated);
    return path;
  }

  /** What was sent to a path's address has come back: it is the only path of its number from now on. */
  validate(path: RelayPath): void {
    const { session } = path;
    session.isVerified = true;
    if (path.credit === null) return;
    path.credit = null;
    session.isChanged = true;
    this.#takeOver(path);
  }

  /**
   * A client of an open node has shown that it knows the token. It could be a guess, so its address still gets only so many times
   * what comes from there.
   */
  noteToken(path: RelayPath): void {
    path.session.isVerified = true;
    path.credit?.setRatio(this.#parts.options.openRatio);
  }

  /** Whether answers may leave by a path, because data came by it. */
  mayLead(path: RelayPath): boolean {
    const { primary, registration } = path.session;
    if (path.isValidated || primary === null || !primary.isValidated) return true;
    // Who cannot answer challenges has no other way to move.
    const cannotAnswer = registration !== null && !registration.answersChallenges;
    return cannotAnswer && ((this.#parts.clock.nowMs - primary.lastHeardMs) | 0) >= LEFT_AFTER_MS;
  }

  /**
   * Gives a session a path by an address, which is this session's from now on. Neither another session here nor one that
   * another relay has keeps it.
   * @param ratio how many times what comes from there may go there; 0 for an address that is validated.
   */
  addPath(session: RelaySession, number: PathNumber, at: ClientAddress, ratio: number): RelayPath {
    const { clock, forwarding, reports, sessions } = this.#parts;
    if (forwarding.size > 0) forwarding.remove(at.ip, at.port);
    const before = sessions.find(at.ip, at.port);
    if (before !== null) this.removePath(before);
    const credit = ratio === 0 ? null : new AmplificationCredit(isIpv6(at.ip), ratio);
    const path = sessions.addPath(session, number, at, credit, clock.nowMs);
    reports.sessionChanged(session);
    return path;
  }

  /** Takes away paths that were never validated and have fallen silent, if there is another one. */
  removeSilentPaths(session: RelaySession): void {
    const { nowMs } = this.#parts.clock;
    let path = session.firstPath;
    while (path !== null && session.pathCount > 1) {
      const next = path.nextOfSession;
      if (!path.isValidated && ((nowMs - path.lastHeardMs) | 0) >= UNVALIDATED_TIMEOUT_MS) this.removePath(path);
      path = next;
    }
  }

  /** A path that is validated takes its number, and the lead if the path before it had it. */
  #takeOver(path: RelayPath): void {
    const { session } = path;
    const { primary } = session;
    const leads = primary !== null && (primary.number === path.number || !primary.isValidated);
    const removed = this.#removeOthers(path, () => true);
    if (removed > 0) {
      this.#parts.counters.values[RelayCounter.pathsMoved]++;
      session.receiving.agreed?.pathMoved(path.number);
    }
    if (leads || session.primary === null) this.setPrimary(path);
    this.#parts.reports.sessionChanged(session);
  }

  /** Takes away the other paths with the number of this one. @returns how many there were. */
  #removeOthers(path: RelayPath, isWanted: (other: RelayPath) => boolean): number {
    let removed = 0;
    let other = path.session.firstPath;
    while (other !== null) {
      const next = other.nextOfSession;
      if (other !== path && other.number === path.number && isWanted(other)) {
        this.removePath(other);
        removed++;
      }
      other = next;
    }
    return removed;
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
    session.receiving.agreed?.pathsChanged(this.#parts.clock.nowMs);
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
    const { claims, clock, flows, limits, lossTotals, refusals, sessions } = this.#parts;
    flows.closeIdle(session, 0, clock.nowMs);
    session.receiving.close();
    lossTotals.end(session.slot, session.receiving.window);
    limits.close(session.slot, session.prefix, session.isVerified, clock.nowMs);
    refusals.forget(session.slot);
    sessions.remove(session);
    if (session.registration === null) return;
    session.registration.session = null;
    claims?.release(session.registration);
  }
}

function pathNumbered(session: RelaySession, number: PathNumber): RelayPath | null {
  for (let path = session.firstPath; path !== null; path = path.nextOfSession) {
    if (path.number === number) return path;
  }
  return null;
}
