import { hashPrefix } from './hash-prefix.ts';
import { requireInteger, requirePowerOfTwo } from './option-ranges.ts';

/** How many packets pass from addresses that have no session. */
export interface UnboundRateLimiterOptions {
  /** Number of buckets, a power of two; 8,192 by default. */
  readonly buckets?: number;
  /** Packets per second and bucket, 1 to 1,000,000. A bucket holds one second's worth. */
  readonly ratePps: number;
  /** Any int32, random per process: who does not know it cannot aim at another address's bucket. */
  readonly hashSeed: number;
}

const CREDIT_PER_PACKET = 1_000;
const BURST_MS = 1_000;
/** Keeps a full bucket plus a second's refill within an int32. */
const MAX_RATE_PPS = 1_000_000;

/**
 * The coarse limit for datagrams from addresses without a session, before anything dearer is done with them
 * (docs/protocol.md, Limits). Every address hashes to one of a fixed number of buckets, and nothing is remembered about
 * it. So spoofed sources cost no memory. They share buckets, and all of them together get `buckets * ratePps`. An
 * innocent address that shares a flooded bucket is held up, until its next try falls into a gap. Existing sessions
 * never pass through here.
 *
 * Memory is fixed: 8 bytes per bucket. Times as in {@link RateLimiter}.
 */
export class UnboundRateLimiter {
  readonly #mask: number;
  readonly #ratePps: number;
  readonly #hashSeed: number;
  readonly #fullCredit: number;
  readonly #credit: Int32Array;
  readonly #refilledAtMs: Int32Array;

  /** @throws {SecurityError} `ERR_SECURITY_OPTION_RANGE` */
  constructor(options: UnboundRateLimiterOptions) {
    const buckets = requirePowerOfTwo('buckets', options.buckets ?? 8_192, 1);
    this.#mask = buckets - 1;
    this.#ratePps = requireInteger('ratePps', options.ratePps, 1, MAX_RATE_PPS);
    this.#hashSeed = options.hashSeed | 0;
    this.#fullCredit = this.#ratePps * BURST_MS;
    this.#credit = new Int32Array(buckets).fill(this.#fullCredit);
    this.#refilledAtMs = new Int32Array(buckets);
  }

  /**
   * Asks whether a datagram may be looked at, and takes its credit if so.
   *
   * @param high - first word of its address's prefix: all of an IPv6 /64 share a bucket; signed or unsigned form.
   * @param low - second word, likewise.
   * @returns false for a refusal, which the caller counts as `DropReason.unboundRate`.
   */
  admit(high: number, low: number, nowMs: number): boolean {
    const bucket = hashPrefix(high, low, this.#hashSeed) & this.#mask;
    let credit = this.#credit[bucket];
    const elapsedMs = (nowMs - this.#refilledAtMs[bucket]) | 0;
    if (elapsedMs !== 0) {
      this.#refilledAtMs[bucket] = nowMs;
      if (elapsedMs >= BURST_MS) credit = this.#fullCredit;
      else if (elapsedMs > 0) credit = Math.min(this.#fullCredit, credit + this.#ratePps * elapsedMs);
    }
    const admitted = credit >= CREDIT_PER_PACKET;
    this.#credit[bucket] = admitted ? credit - CREDIT_PER_PACKET : credit;
    return admitted;
  }
}
