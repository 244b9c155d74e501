import type { Microseconds, SequenceNumber } from '@lightspeed/wire';

/** Answers to probes older than the last 16 are not recognised any more. */
const PROBES = 16;

/**
 * Keepalives that are under way (docs/protocol.md, Keepalive). It matches an answer to its probe by sequence number and
 * the probe's own send time. This works even if the node does not echo the timestamp.
 */
export class KeepaliveProbes {
  readonly #sequences = new Int32Array(PROBES).fill(-1);
  readonly #sentUs = new Int32Array(PROBES);
  #next = 0;
  /** Probes in a row that were not answered in time, and nothing else came meanwhile. */
  misses = 0;
  /** Whether the newest probe may still be answered in time. */
  pending = false;

  /** A probe goes out now. */
  sent(sequence: SequenceNumber, nowUs: Microseconds): void {
    this.pending = true;
    this.#sequences[this.#next] = sequence;
    this.#sentUs[this.#next] = nowUs;
    this.#next = (this.#next + 1) % PROBES;
  }

  /** The newest probe has had the time for its answer. */
  expire(): void {
    if (this.pending) this.misses++;
    this.pending = false;
  }

  /** Anything at all came from the node: it lives. */
  heard(): void {
    this.pending = false;
    this.misses = 0;
  }

  /**
   * An answer came.
   * @returns the round trip in microseconds, or -1 if it answers no probe, or one that was answered before.
   */
  answered(sequence: SequenceNumber, nowUs: Microseconds): number {
    const probe = this.#sequences.indexOf(sequence);
    if (probe < 0) return -1;
    this.#sequences[probe] = -1;
    this.heard();
    return (nowUs - this.#sentUs[probe]) | 0;
  }

  /** Forgets all probes, for a new session. */
  reset(): void {
    this.#sequences.fill(-1);
    this.heard();
  }
}
