import type { FecMemory } from '@lightspeed/fec';
import { FecDecoder } from '@lightspeed/fec';
import type { DropReason } from '@lightspeed/wire';
import { DuplicateWindow } from './duplicate-window.ts';
import { FecTotals } from './fec-totals.ts';

/**
 * After this time without a packet, the sequence may have moved by more than half of its circle. New numbers would then
 * look old. No network holds a duplicate back for so long, so the window starts afresh.
 */
const RESYNCHRONISE_AFTER_MS = 10_000;

/** What the streams of all sessions of a relay or tunnel share. */
export interface FecSupply {
  readonly memory: FecMemory;
  /** Gets the statistics of all decoders, see {@link ReceiveState.tidy}. */
  readonly fecTotals: FecTotals;
}

/** FEC of one stream. An object of its own, since many streams use none, and there may be very many of them (ADR 22). */
class StreamFec {
  readonly decoder: FecDecoder;
  /** What of the decoder's statistics is in the totals. */
  readonly counted = new FecTotals();

  constructor(memory: FecMemory) {
    this.decoder = new FecDecoder({ memory });
  }
}

/**
 * The receiving half of one session and direction: what was seen already, and the FEC groups in progress
 * (docs/protocol.md, Duplicates, FEC).
 */
export class ReceiveState {
  readonly window: DuplicateWindow;
  readonly #supply: FecSupply;
  /** There from the first version 2 packet on. */
  #fec: StreamFec | null = null;
  #lastAcceptedMs = 0;

  /** @param window a fresh one. */
  constructor(supply: FecSupply, window = new DuplicateWindow()) {
    this.window = window;
    this.#supply = supply;
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
    this.#fec ??= new StreamFec(this.#supply.memory);
    return this.#fec.decoder;
  }

  /** Gives back the blocks of groups that are too old, and brings the totals up to date. */
  tidy(nowMs: number): void {
    if (this.#fec === null) return;
    this.#fec.decoder.gc(nowMs);
    this.#count(this.#fec);
  }

  /** Forgets what was seen, for a peer that starts over; gives all blocks back. */
  restart(): void {
    this.window.reset();
    this.close();
  }

  /** Gives the decoder's blocks back to the memory. */
  close(): void {
    if (this.#fec === null) return;
    this.#fec.decoder.close();
    this.#count(this.#fec);
    this.#fec = null;
  }

  #count({ decoder, counted }: StreamFec): void {
    this.#supply.fecTotals.addGrowth(decoder, counted);
  }
}
