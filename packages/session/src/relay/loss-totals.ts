import type { SessionSlot } from '@lightspeed/wire';
import type { DuplicateWindow } from '../base/duplicate-window.ts';

/**
 * How the packets of all sessions fared on the way from their clients: see `LossCounts`. Each sweep adds up those of the
 * sessions that are there, so no session needs memory for what was counted of it before. The sums never go down.
 */
export class LossTotals {
  expected = 0;
  received = 0;
  late = 0;
  /** Of sessions that have ended. */
  #endedExpected = 0;
  #endedReceived = 0;
  #endedLate = 0;
  /** Of sessions at which the sweep under way has looked: those in slots below this one. */
  #slot = 0;
  #liveExpected = 0;
  #liveReceived = 0;
  #liveLate = 0;

  /** A sweep has begun. */
  begin(): void {
    this.#slot = 0;
    this.#liveExpected = 0;
    this.#liveReceived = 0;
    this.#liveLate = 0;
  }

  /** The sweep comes by the session of a slot. */
  add(slot: SessionSlot, { expected, received, late }: DuplicateWindow): void {
    this.#slot = slot + 1;
    this.#liveExpected += expected;
    this.#liveReceived += received;
    this.#liveLate += late;
  }

  /** The session of a slot has ended. */
  end(slot: SessionSlot, { expected, received, late }: DuplicateWindow): void {
    this.#endedExpected += expected;
    this.#endedReceived += received;
    this.#endedLate += late;
    if (slot >= this.#slot) return;
    // The sweep has come by it already: it counts once.
    this.#liveExpected -= expected;
    this.#liveReceived -= received;
    this.#liveLate -= late;
  }

  /** The sweep is over: the sums are up to date. */
  finish(): void {
    this.expected = this.#endedExpected + this.#liveExpected;
    this.received = this.#endedReceived + this.#liveReceived;
    this.late = this.#endedLate + this.#liveLate;
    this.#slot = 0;
  }
}
