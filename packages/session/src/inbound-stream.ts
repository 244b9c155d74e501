import type { FecMemory } from '@lightspeed/fec';
import { FecDecoder } from '@lightspeed/fec';
import type { DropReason } from '@lightspeed/wire';
import { DuplicateWindow } from './duplicate-window.ts';
import { FecTotals } from './fec-totals.ts';

/**
 * After this long without a packet the sequence may have moved on by more than half of its circle, which would make new
 * numbers look old. No network holds a duplicate back for so long, so the window starts afresh.
 */
const RESYNCHRONISE_AFTER_MS = 10_000;

/**
 * The receiving half of one session and direction: what was seen already, and the FEC groups in progress
 * (docs/protocol.md, Duplicates, FEC).
 */
export class InboundStream {
  readonly window: DuplicateWindow;
  /** There from the first version 2 packet on, and with it what of its statistics is in the totals. */
  #decoder: FecDecoder | null = null;
  #counted: FecTotals | null = null;
  readonly #memory: FecMemory;
  readonly #totals: FecTotals;
  #lastAcceptedMs = 0;

  /**
   * @param totals gets the decoder's statistics, see {@link tidy}.
   * @param window a fresh one.
   */
  constructor(memory: FecMemory, totals: FecTotals, window = new DuplicateWindow()) {
    this.window = window;
    this.#memory = memory;
    this.#totals = totals;
  }

  /**
   * Takes note of a data or parity packet's sequence number.
   * @param nowMs wrapping int32 clock in milliseconds.
   * @returns 0 on its first arrival, else `DropReason.duplicate` or `DropReason.tooOld`.
   */
  accept(sequence: number, nowMs: number): DropReason | 0 {
    if (((nowMs - this.#lastAcceptedMs) | 0) >= RESYNCHRONISE_AFTER_MS) this.window.reset();
    const refusal = this.window.accept(sequence);
    if (refusal === 0) this.#lastAcceptedMs = nowMs;
    return refusal;
  }

  /** The decoder, made when the first version 2 packet needs it. */
  fecDecoder(): FecDecoder {
    this.#decoder ??= new FecDecoder({ memory: this.#memory });
    return this.#decoder;
  }

  /** Gives back the blocks of groups that are too old, and brings the totals up to date. */
  tidy(nowMs: number): void {
    if (this.#decoder === null) return;
    this.#decoder.gc(nowMs);
    this.#count(this.#decoder);
  }

  /** Forgets what was seen, for a peer that starts over; gives all blocks back. */
  restart(): void {
    this.window.reset();
    this.close();
  }

  /** Gives the decoder's blocks back to the memory. */
  close(): void {
    if (this.#decoder === null) return;
    this.#decoder.close();
    this.#count(this.#decoder);
    this.#decoder = null;
    this.#counted = null;
  }

  #count(decoder: FecDecoder): void {
    this.#counted ??= new FecTotals();
    this.#totals.addGrowth(decoder, this.#counted);
  }
}
