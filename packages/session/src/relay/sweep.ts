import type { Milliseconds } from '@lightspeed/wire';
import type { PacketWriter } from '../packet-writer.ts';
import type { EgressAllocator } from './egress-allocator.ts';
import type { Farewell } from './farewell.ts';
import type { FlowReports } from './flow-reports.ts';
import type { FlowTable } from './flow-table.ts';
import { RelayCounter } from './relay-counters.ts';
import type { RelayParts } from './relay-parts.ts';
import type { RelaySession } from './relay-session.ts';
import type { SessionReports } from './session-reports.ts';
import type { RelaySessionLifecycle } from './relay-session-lifecycle.ts';

/**
 * A session whose client has not shown that it got the acknowledgement ends after this long: forged handshakes don't keep
 * others out. Keepalives come every five seconds.
 */
const UNVERIFIED_TIMEOUT_MS = 10_000;
/** How often all sessions and bans are looked through for those whose time is over. */
const SWEEP_INTERVAL_MS = 500;
/** Packets wait while sessions are looked at: 1,024 of them take some 50 µs, and an end with its sockets some 10 µs. */
const SLOTS_PER_STEP = 1_024;
const ENDS_PER_STEP = 32;
const NEXT_STEP_MS = 1;

/** What {@link Sweep} takes of a relay. */
export interface SweepParts extends Pick<
  RelayParts,
  'bans' | 'clock' | 'counters' | 'fecTotals' | 'lossTotals' | 'options' | 'memory' | 'output' | 'registrations' | 'sessions' | 'shares'
> {
  readonly egress: EgressAllocator;
  readonly farewell: Farewell;
  readonly flows: FlowTable;
  readonly lifecycle: RelaySessionLifecycle;
  readonly reports: FlowReports;
  readonly sessionReports: SessionReports;
  readonly writer: PacketWriter;
}

/** Looks through sessions, flows and bans for those whose time is over, in steps that nobody notices. */
export class Sweep {
  readonly #parts: SweepParts;
  #beganMs = 0;
  /** The slot with which the sweep under way goes on, or -1 between two. */
  #nextSlot = -1;

  constructor(parts: SweepParts) {
    this.#parts = parts;
  }

  /**
   * Does the next step if one is due.
   * @returns milliseconds until it wants to be called again.
   */
  advance(): Milliseconds {
    const { nowMs } = this.#parts.clock;
    const sinceMs = (nowMs - this.#beganMs) | 0;
    if (this.#nextSlot < 0) {
      if (sinceMs >= 0 && sinceMs < SWEEP_INTERVAL_MS) return SWEEP_INTERVAL_MS - sinceMs;
      this.#beganMs = nowMs;
      this.#nextSlot = 0;
      this.#parts.lossTotals.begin();
      this.#parts.sessionReports.begin(nowMs);
    }
    this.#step();
    if (this.#nextSlot < this.#parts.sessions.slotCount) return NEXT_STEP_MS;
    this.#end();
    return SWEEP_INTERVAL_MS;
  }

  /** Every session is over. */
  forget(): void {
    this.#nextSlot = -1;
    this.#parts.lossTotals.begin();
    this.#publishGauges();
  }

  #step(): void {
    const { sessions } = this.#parts;
    const end = Math.min(sessions.slotCount, this.#nextSlot + SLOTS_PER_STEP);
    let ends = 0;
    while (this.#nextSlot < end && ends < ENDS_PER_STEP) {
      const session = sessions.at(this.#nextSlot++);
      if (session !== null && this.#lookAt(session)) ends++;
    }
  }

  /** @returns whether it was over. */
  #lookAt(session: RelaySession): boolean {
    const { clock, counters, farewell, flows, lifecycle, lossTotals, reports, sessionReports, shares } = this.#parts;
    const { nowMs } = clock;
    if (farewell.answerFin(session)) return true;
    if (((nowMs - session.lastActivityMs) | 0) >= this.#timeoutOf(session)) {
      lifecycle.close(session);
      counters.values[RelayCounter.sessionsExpired]++;
      return true;
    }
    session.receiving.tidy(nowMs);
    if (session.pathCount > 1) lifecycle.removeSilentPaths(session);
    lossTotals.add(session.slot, session.receiving.window);
    // While the server is heard, the flow is there.
    flows.closeIdle(session, shares.flowTimeoutMs + 1, nowMs);
    reports.lookAtPaths(session);
    sessionReports.lookAt(session);
    return false;
  }

  #timeoutOf(session: RelaySession): Milliseconds {
    const { options } = this.#parts;
    // In dialect `reference` nothing can be shown.
    const waits = session.dialect === 'reference' || session.isVerified;
    return waits ? options.sessionTimeoutMs : Math.min(options.sessionTimeoutMs, UNVERIFIED_TIMEOUT_MS);
  }

  #end(): void {
    this.#nextSlot = -1;
    const { bans, clock, output, shares } = this.#parts;
    if (bans.size > 0) bans.sweep(clock.nowMs);
    const refused = shares.takeRefused();
    if (refused !== null)
      output.overShare({
        ...('sessionId' in refused && { sessionId: refused.sessionId }),
        prefixHigh: refused.prefixHigh,
        prefixLow: refused.prefixLow,
      });
    this.#publishGauges();
  }

  #publishGauges(): void {
    const { counters, sessions, flows, egress, bans, memory, registrations, shares, writer, fecTotals, lossTotals } = this.#parts;
    const { values } = counters;
    lossTotals.finish();
    values[RelayCounter.sequenceExpected] = lossTotals.expected;
    values[RelayCounter.sequenceReceived] = lossTotals.received;
    values[RelayCounter.sequenceLate] = lossTotals.late;
    values[RelayCounter.fecRecovered] = fecTotals.recovered;
    values[RelayCounter.fecLost] = fecTotals.lost;
    values[RelayCounter.fecRecoveryRejected] = fecTotals.recoveryRejected;
    values[RelayCounter.fecParityIgnored] = fecTotals.parityIgnored;
    values[RelayCounter.fecUntracked] = fecTotals.untracked;
    values[RelayCounter.fecParityGenerated] = writer.parityGenerated;
    values[RelayCounter.fecProtected] = writer.dataProtected;
    const { repeats } = writer;
    values[RelayCounter.repeatsCarried] = repeats.repeatsCarried;
    values[RelayCounter.repeatsAlone] = repeats.packetsAlone;
    values[RelayCounter.xorsCarried] = repeats.xorsCarried;
    values[RelayCounter.repeatsOverBudget] = repeats.overBudget;
    values[RelayCounter.repeatsUnprotected] = repeats.unprotected;
    values[RelayCounter.repaired] = repeats.repaired;
    values[RelayCounter.requestsSent] = repeats.requestsSent;
    values[RelayCounter.fecOverShare] = memory.overShare;
    values[RelayCounter.egressOverShare] = shares.socketsRefused;
    values[RelayCounter.sessions] = sessions.size;
    values[RelayCounter.flows] = flows.size;
    values[RelayCounter.egressSockets] = egress.openSockets;
    values[RelayCounter.bannedAddresses] = bans.size;
    values[RelayCounter.registrations] = registrations.size;
  }
}
