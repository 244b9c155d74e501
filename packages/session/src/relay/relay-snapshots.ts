import { UNVALIDATED_RATIO } from '@lightspeed/security';
import type { AddressHandle } from '@lightspeed/wire';
import { answeringGroupSize } from '../group-size.ts';
import { FLOW_ASKED } from './flow-marks.ts';
import type { FlowTable } from './flow-table.ts';
import type { LiveRegistration } from './registration-table.ts';
import { OWN_CLAIM } from './relay-options.ts';
import type { RelaySession } from './relay-session.ts';
import type { RelayParts } from './relay-parts.ts';
import type { RelaySessionLifecycle } from './relay-session-lifecycle.ts';
import type { PathSnapshot, SessionSnapshot } from './session-snapshot.ts';
import type { SessionTags } from './session-tags.ts';
import { SnapshotRecords } from './snapshot-records.ts';

/** What {@link RelaySnapshots.lookForDue} says at its end. */
export const NOTHING_DUE = -1;
/** What it says when it has found a session whose snapshot is due. */
export const SOMETHING_DUE = -2;

/**
 * How far the counters go on. This is further than a session can have got since its snapshot, and less than half of the
 * circle. So the client takes what comes for new.
 */
const SEQUENCE_AHEAD = 16_384;
const GROUPS_AHEAD = 8_192;

/**
 * Counters move all the time: they alone make a session due when they have used up an eighth of what a restart skips. So a
 * session may send seven eighths of it while its snapshot is being taken.
 */
const SEQUENCE_DUE = SEQUENCE_AHEAD / 8;
const GROUPS_DUE = GROUPS_AHEAD / 8;

/** What {@link RelaySnapshots} takes of a relay. */
export interface SnapshotParts extends Pick<RelayParts, 'addresses' | 'claims' | 'clock' | 'output' | 'registrations' | 'sessions'> {
  readonly flows: FlowTable;
  readonly lifecycle: RelaySessionLifecycle;
  readonly tagging: SessionTags;
}

/**
 * What a restart keeps of a relay: takes snapshots of the sessions of registrations, and makes sessions of them again. Of very
 * many sessions each call looks at some, so that packets are not held up.
 */
export class RelaySnapshots {
  readonly #parts: SnapshotParts;

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
  }

  /** Snapshots of all sessions at once: for few. */
  takeAll(): SessionSnapshot[] {
    const records = new SnapshotRecords();
    this.takeSome(0, this.#parts.sessions.slotCount, records);
    return [...records];
  }

  /**
   * Takes snapshots of some sessions.
   * @param first where to go on: 0 at first, then what this returned.
   * @param most how many places to look at.
   * @param into where to put them.
   * @returns where to go on, or -1 after the last part. Sessions that open or end meanwhile may be in it or not.
   */
  takeSome(first: number, most: number, into: SnapshotRecords): number {
    return this.#take(first, most, into, isAny);
  }

  /**
   * The same, but only for sessions whose last snapshot is outdated. Paths, flows or proofs have changed, or counters
   * have moved far or soon will have. Ask {@link lookForDue} first whether it is worth while.
   */
  takeChanged(first: number, most: number, into: SnapshotRecords): number {
    return this.#take(first, most, into, isNearlyDue);
  }

  /**
   * Looks for a session of which another snapshot must be taken.
   * @param first where to go on: 0 at first, then what this returned.
   * @param most how many places to look at.
   * @returns where to go on, {@link SOMETHING_DUE} when there is one, or {@link NOTHING_DUE} when there is none.
   */
  lookForDue(first: number, most: number): number {
    const { sessions } = this.#parts;
    const end = Math.min(sessions.slotCount, first + most);
    for (let slot = first; slot < end; slot++) {
      const session = sessions.at(slot);
      if (session !== null && isDue(session)) return SOMETHING_DUE;
    }
    return end < sessions.slotCount ? end : NOTHING_DUE;
  }

  /**
   * Makes a session again. Its flows get the egress ports that they had where those are still free.
   * @returns false if that is not possible: its registration is not here or already has a session, its addresses are
   *   taken, or a limit is reached.
   */
  restore(snapshot: SessionSnapshot): boolean {
    const { registrations, claims } = this.#parts;
    const live = registrations.get(snapshot.sessionId);
    if (live === undefined || live.session !== null || snapshot.paths.length === 0) return false;
    if (snapshot.paths.some((path) => this.#isTaken(path))) return false;
    if (claims !== undefined && claims.claim(live) !== OWN_CLAIM) return false;
    return this.#reopen(live, snapshot);
  }

  #take(first: number, most: number, into: SnapshotRecords, isWanted: (session: RelaySession) => boolean): number {
    const { sessions } = this.#parts;
    const end = Math.min(sessions.slotCount, first + most);
    for (let slot = first; slot < end; slot++) {
      const session = sessions.at(slot);
      if (session !== null && isWanted(session)) this.#takeOne(session, into);
    }
    return end < sessions.slotCount ? end : -1;
  }

  /** Nothing of a session without a registration. */
  #takeOne(session: RelaySession, into: SnapshotRecords): void {
    const { registration, primary, multipath, sequence, groupId, tags } = session;
    const { addresses, output } = this.#parts;
    if (registration === null || primary === null) return;
    const { sessionId, nonces, openingNonce } = registration;
    const newestTagUs = tags?.hasCome === true ? tags.newestUs : undefined;
    into.begin({ sessionId, multipath, sequence, groupId, nonces, openingNonce, newestTagUs, protection: session.receiving.agreed?.terms });
    into.addPath(addresses, primary, primary.number, primary.isValidated);
    for (let path = session.firstPath; path !== null; path = path.nextOfSession) {
      if (path !== primary) into.addPath(addresses, path, path.number, path.isValidated);
    }
    for (let flow = session.firstFlow; flow !== null; flow = flow.nextOfSession) {
      // Whoever has sent first opens it again.
      if ((flow.marks & FLOW_ASKED) === 0) continue;
      const { serverIp, serverPort, groupSize } = flow;
      const egressPort = output.egressPort(flow.egress);
      into.addFlow({ clientIp: flow.destinationIp, clientPort: flow.destinationPort, serverIp, serverPort, egressPort, groupSize });
    }
    session.isChanged = false;
    session.snapshotCounters = (groupId << 16) | sequence;
  }

  #isTaken({ address, port }: PathSnapshot): boolean {
    const ip = this.#parts.addresses.parse(address);
    return ip === undefined || this.#parts.sessions.find(ip, port) !== null;
  }

  #reopen(live: LiveRegistration, snapshot: SessionSnapshot): boolean {
    const { clock, flows, lifecycle, tagging } = this.#parts;
    live.protection = snapshot.protection;
    const session = lifecycle.openRegistered(live);
    if (session === null) return false;
    lifecycle.setMultipath(session, snapshot.multipath);
    for (const { number, address, port, local, isValidated } of snapshot.paths) {
      const at = { ip: this.#handleOf(address), port, local: this.#handleOf(local) };
      lifecycle.addPath(session, number, at, isValidated ? 0 : UNVALIDATED_RATIO);
    }
    session.isProved = live.isProved;
    session.receiving.window.startsOverOnDuplicates = !live.isProved;
    live.noteOpening(snapshot.openingNonce);
    tagging.restore(session, snapshot.newestTagUs);
    session.sequence = (snapshot.sequence + SEQUENCE_AHEAD) & 0xffff;
    session.groupId = (snapshot.groupId + GROUPS_AHEAD) & 0xffff;
    // Linked from the front: in reverse they come out in the order in which they were.
    for (const { clientIp, clientPort, serverIp, serverPort, egressPort, groupSize } of snapshot.flows.toReversed()) {
      // A file may say anything, but no flow is there twice.
      if (flows.findUp(session, clientIp | 0, clientPort, serverIp | 0, serverPort) !== null) continue;
      const flow = flows.open(session, clientIp | 0, clientPort, serverIp | 0, serverPort, clock.nowMs, egressPort);
      if (flow !== null) flows.setGroupSize(flow, answeringGroupSize(groupSize, session.dialect), clock.nowUs);
    }
    return true;
  }

  /** An address that the node had, and cannot be parsed, is as good as not known. */
  #handleOf(address: string): AddressHandle {
    return this.#parts.addresses.parse(address) ?? 0;
  }
}

const isAny = () => true;

/** Whether a restart with the last snapshot of a session would lose something, or soon could not be sure of its counters. */
function isDue(session: RelaySession): boolean {
  return session.registration !== null && (session.isChanged || hasMoved(session, SEQUENCE_DUE, GROUPS_DUE));
}

/** The same, or will be soon: taken with the others it needs no looking of its own. */
function isNearlyDue(session: RelaySession): boolean {
  return session.registration !== null && (session.isChanged || hasMoved(session, SEQUENCE_DUE / 2, GROUPS_DUE / 2));
}

function hasMoved({ sequence, groupId, snapshotCounters }: RelaySession, packets: number, groups: number): boolean {
  const sent = (sequence - snapshotCounters) & 0xffff;
  return sent >= packets || ((groupId - (snapshotCounters >>> 16)) & 0xffff) >= groups;
}
