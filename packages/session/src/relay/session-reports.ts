import type { Milliseconds } from '@lightspeed/wire';
import type { RelayParts } from './relay-parts.ts';
import type { RelaySession } from './relay-session.ts';

/** No session is reported on more often. */
const ROUND_MS = 1_000;
/** While nothing is lost or refused, a session is reported on only in every tenth round. */
const ROUNDS_WITHOUT_NEWS = 10;

/** What {@link SessionReports} takes of a relay. */
export type SessionReportsParts = Pick<RelayParts, 'output' | 'refusals'>;

/** Reports on the sessions of those registrations whose clients want that (docs/protocol.md, Reports). Never called per packet. */
export class SessionReports {
  readonly #parts: SessionReportsParts;
  #round = 0;
  #roundMs: Milliseconds = 0;
  #isRound = false;
  /**
   * What was told last, by slot: how many packets had come, and how many were lost, late or recovered. Their lowest bits are enough
   * to see that something has changed.
   */
  #received = new Uint16Array(0);
  #faults = new Uint8Array(0);

  constructor(parts: SessionReportsParts) {
    this.#parts = parts;
  }

  /** All sessions are looked at now. */
  begin(nowMs: Milliseconds): void {
    this.#isRound = (nowMs - this.#roundMs) >>> 0 >= ROUND_MS;
    if (!this.#isRound) return;
    this.#roundMs = nowMs;
    this.#round++;
  }

  /** Reports on a session, if that is due and there is anything to tell. */
  lookAt(session: RelaySession): void {
    const { output, refusals } = this.#parts;
    const { receiving, registration, slot } = session;
    if (!this.#isRound || output.reported === undefined || registration === null || !registration.wantsReports) return;
    const { recovered, window } = receiving;
    const { expected, received, late } = window;
    if (slot >= this.#received.length) this.#grow(slot + 1);
    const faults = (expected - received + late + recovered) & 0xff;
    const isTurn = (slot + this.#round) % ROUNDS_WITHOUT_NEWS === 0 && this.#received[slot] !== (received & 0xffff);
    if (!isTurn && this.#faults[slot] === faults && !refusals.has(slot)) return;
    this.#received[slot] = received;
    this.#faults[slot] = faults;
    output.reported({ sessionId: registration.sessionId, expected, received, late, recovered, ...refusals.take(slot) });
  }

  #grow(slots: number): void {
    const capacity = Math.max(slots, 2 * this.#received.length);
    const received = this.#received;
    const faults = this.#faults;
    this.#received = new Uint16Array(capacity);
    this.#faults = new Uint8Array(capacity);
    this.#received.set(received);
    this.#faults.set(faults);
  }
}
