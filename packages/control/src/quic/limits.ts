import { requireInteger } from './transport/quic-error.ts';

/** What one connection may cost. All of it is bounded before anything is read from the peer. */
export interface ConnectionLimits {
  /** Streams that the peer may have open at once, and that may wait for `streams()`. Default 8. */
  readonly maxStreams: number;
  /** Received bytes of one stream that nobody has taken yet; a stream that exceeds them is reset. Default 16,384. */
  readonly maxUnreadBytes: number;
  /** Bytes of a connection that wait to be handed to QUIC; a connection that exceeds them is closed. Default 65,536. */
  readonly maxUnsentBytes: number;
  /** Messages that may be refused, and streams that may be reset by a limit, before the connection is closed. Default 16. */
  readonly maxRefusals: number;
  /** Received bytes a second, in the long run. A stream counts as 256 bytes, a packet of a stream as at least 64. Default 8,192. */
  readonly bytesPerSecond: number;
  /** Received bytes that may come at once. Default 65,536. */
  readonly burstBytes: number;
}

const DEFAULTS: ConnectionLimits = {
  maxStreams: 8,
  maxUnreadBytes: 16_384,
  maxUnsentBytes: 65_536,
  maxRefusals: 16,
  bytesPerSecond: 8_192,
  burstBytes: 65_536,
};

/** @throws {QuicError} `ERR_QUIC_OPTION` */
export function connectionLimits(given: Partial<ConnectionLimits> = {}): ConnectionLimits {
  const all = { ...DEFAULTS, ...given };
  requireInteger('limits.maxStreams', all.maxStreams, 1, 1_000);
  requireInteger('limits.maxUnreadBytes', all.maxUnreadBytes, 4_098, 16_777_216);
  requireInteger('limits.maxUnsentBytes', all.maxUnsentBytes, 4_098, 16_777_216);
  requireInteger('limits.maxRefusals', all.maxRefusals, 0, 1_000_000);
  requireInteger('limits.bytesPerSecond', all.bytesPerSecond, 64, 1_000_000_000);
  requireInteger('limits.burstBytes', all.burstBytes, 4_098, 1_000_000_000);
  return Object.freeze(all);
}

/** A bucket that fills at `perSecond` up to `burst`. */
export class Budget {
  readonly #perSecond: number;
  readonly #burst: number;
  #left: number;
  #thenMs: number;

  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#left = burst;
    this.#thenMs = nowMs;
  }

  /** @returns whether there was enough; the cost is taken in any case */
  spend(cost: number, nowMs: number): boolean {
    const earned = ((nowMs - this.#thenMs) * this.#perSecond) / 1_000;
    this.#thenMs = nowMs;
    this.#left = Math.min(this.#burst, this.#left + earned) - cost;
    return this.#left >= 0;
  }
}
