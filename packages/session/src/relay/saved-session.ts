import type { ProofNoncesState } from '@lightspeed/security';
import { answeringGroupSize } from '../group-size.ts';
import type { MultipathMode } from '../multipath.ts';
import type { SessionAdmission } from './admission.ts';
import type { LiveRegistration } from './registrations.ts';
import { OWN_CLAIM } from './relay-options.ts';
import type { RelaySession } from './relay-session.ts';
import type { RelayState } from './relay-state.ts';
import type { SessionRecords } from './session-records.ts';

/**
 * A session as it can be kept while its relay is restarted. All numbers unsigned; plain values only, so that it can be
 * cloned to another thread or written to a file (the nonces are bigints).
 */
export interface SavedSession {
  readonly sessionId: number;
  readonly multipath: MultipathMode;
  /** The primary path first. */
  readonly paths: readonly SavedPath[];
  /** The next downstream sequence number and group id. */
  readonly sequence: number;
  readonly groupId: number;
  readonly nonces: ProofNoncesState;
  readonly flows: readonly SavedFlow[];
}

export interface SavedPath {
  readonly number: number;
  readonly ip: number;
  readonly port: number;
}

export interface SavedFlow {
  readonly clientIp: number;
  readonly clientPort: number;
  readonly serverIp: number;
  readonly serverPort: number;
  /** The local port of its egress socket: the server knows the player by it. */
  readonly egressPort: number;
  readonly groupSize: number;
}

/**
 * How far the counters go on: further than a session can have got since it was saved, and less than half of the circle,
 * so that the client takes what comes for new.
 */
const SEQUENCE_AHEAD = 16_384;
const GROUPS_AHEAD = 8_192;

/**
 * Counters move all the time: they alone make a session due when they have used up an eighth of what a restart skips. So a
 * session may send seven eighths of it while it is being saved.
 */
const SEQUENCE_DUE = SEQUENCE_AHEAD / 8;
const GROUPS_DUE = GROUPS_AHEAD / 8;

/** Whether a restart with what was saved of a session would lose something, or soon could not be sure of its counters. */
export function isDue(session: RelaySession): boolean {
  return session.registration !== null && (session.isUnsaved || hasMoved(session, SEQUENCE_DUE, GROUPS_DUE));
}

/** The same, or will be soon: saved with the others it needs no saving of its own. */
export function isNearlyDue(session: RelaySession): boolean {
  return session.registration !== null && (session.isUnsaved || hasMoved(session, SEQUENCE_DUE / 2, GROUPS_DUE / 2));
}

function hasMoved({ sequence, groupId, savedCounters }: RelaySession, packets: number, groups: number): boolean {
  const sent = (sequence - savedCounters) & 0xffff;
  return sent >= packets || ((groupId - (savedCounters >>> 16)) & 0xffff) >= groups;
}

/** Saves what is needed to restore the session of a registration; nothing of one without. */
export function saveSession(state: RelayState, session: RelaySession, into: SessionRecords): void {
  const { registration, primary, sequence, groupId } = session;
  if (registration === null || primary === null) return;
  into.begin(registration.sessionId, session.multipath, sequence, groupId, registration.nonces);
  into.addPath(primary.number, primary.ip, primary.port);
  for (let path = session.firstPath; path !== null; path = path.nextOfSession) {
    if (path !== primary) into.addPath(path.number, path.ip, path.port);
  }
  for (let flow = session.firstFlow; flow !== null; flow = flow.nextOfSession) {
    const egressPort = state.output.egressPort(flow.egress);
    into.addFlow(flow.destinationIp, flow.destinationPort, flow.serverIp, flow.serverPort, egressPort, flow.groupSize);
  }
  session.isUnsaved = false;
  session.savedCounters = (groupId << 16) | sequence;
}

/** Restores a session. @returns false if it could not be: there is one, an address is taken, or a limit is reached. */
export function restoreSession(state: RelayState, admission: SessionAdmission, live: LiveRegistration, saved: SavedSession): boolean {
  const { sessions, flows, writer, claims, nowMs, nowUs, amplification } = state;
  const taken = saved.paths.some(({ ip, port }) => sessions.find(ip | 0, port) !== null);
  if (live.session !== null || taken || saved.paths.length === 0) return false;
  if (claims !== undefined && claims.claim(live) !== OWN_CLAIM) return false;
  const session = admission.openRegistered(live, saved.paths[0].ip | 0);
  if (session === null) return false;
  session.multipath = saved.multipath;
  for (const { number, ip, port } of saved.paths) state.addPath(session, number, ip | 0, port);
  amplification.setVerified(session.slot);
  session.sequence = (saved.sequence + SEQUENCE_AHEAD) & 0xffff;
  session.groupId = (saved.groupId + GROUPS_AHEAD) & 0xffff;
  // Linked from the front: in reverse they come out in the order in which they were.
  for (const { clientIp, clientPort, serverIp, serverPort, egressPort, groupSize } of saved.flows.toReversed()) {
    // A file may say anything, but no flow is there twice.
    if (flows.findUp(session, clientIp | 0, clientPort, serverIp | 0, serverPort) !== null) continue;
    const flow = flows.open(session, clientIp | 0, clientPort, serverIp | 0, serverPort, nowMs, egressPort);
    if (flow !== null) writer.setGroupSize(flow, answeringGroupSize(groupSize, session.dialect), nowUs);
  }
  return true;
}
