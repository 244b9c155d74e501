import { DropReason } from '@lightspeed/wire';
import type { Milliseconds, SessionSlot } from '@lightspeed/wire';
import { MAX_CAPACITY, requireInteger } from './option-ranges.ts';

/** What a client may send per second unless it is configured otherwise. */
export const DEFAULT_RATE_PPS = 1_000;
/** What a client may send per second unless it is configured otherwise, in bytes. */
export const DEFAULT_RATE_BPS = 1_000_000;

/** Far above any link, and small enough that all sums here stay exact integers. */
const MAX_RATE = 1_000_000_000_000;

/** Credit is counted in thousandths, so that one millisecond's worth is the rate itself: integers, no rounding ever. */
const CREDIT_PER_UNIT = 1_000;
/** A bucket holds what its rate gives in this time. */
const BURST_MS = 1_000;
/** A parity packet weighs at least this part of the bytes that a packet may have on average. */
const LEAST_PARITY_WEIGHT = 0.5;

/**
 * Two token buckets per session slot, one of packets and one of bytes; a packet must find room in both
 * (docs/protocol.md, Limits). Checked after a packet is known to belong to its session, so that nobody spends another
 * one's credit.
 *
 * Parity takes no packet's credit: who protects packets has no fewer of them. It takes bytes, and at least half of those that
 * both rates give a packet on average. So whoever sends nothing but parity gets at most twice the packet rate through.
 *
 * A bucket holds one second's worth. Over any stretch of time a slot is admitted at most `rate * (1 s + stretch)`, and
 * a sender that keeps below that is never refused. All arithmetic is on integers.
 *
 * Memory is fixed: 36 bytes per slot. It may be shared by threads, as long as one at a time asks about a slot. Times are wrapping int32 milliseconds of a clock that does not run backwards. A
 * silence of more than 24.8 days counts as none, and the bucket then fills within a second.
 */
export class RateLimiter {
  readonly #ratePps: number;
  readonly #rateBps: number;
  readonly #packetRate: Float64Array;
  readonly #byteRate: Float64Array;
  readonly #packetCredit: Float64Array;
  readonly #byteCredit: Float64Array;
  readonly #refilledAtMs: Int32Array;

  /**
   * @param capacity - number of session slots.
   * @param ratePps - packets per second for slots that are reset without a rate of their own.
   * @param rateBps - bytes per second, likewise. Packets longer than this never pass.
   * @param memory - {@link rateLimiterBytes} of zeros, or those of another limiter with the same capacity. From `byteOffset` on,
   *   a multiple of 8, they are this limiter's own. Default: memory of its own.
   * @throws {SecurityError} `ERR_SECURITY_OPTION_RANGE`; a rate of 0 is refused, as it would be no limit to some and a closed
   *   way in for others.
   */
  constructor(
    capacity: number,
    ratePps: number = DEFAULT_RATE_PPS,
    rateBps: number = DEFAULT_RATE_BPS,
    memory: ArrayBufferLike = new ArrayBuffer(rateLimiterBytes(capacity)),
    byteOffset = 0,
  ) {
    requireInteger('capacity', capacity, 1, MAX_CAPACITY);
    this.#ratePps = requireInteger('ratePps', ratePps, 1, MAX_RATE);
    this.#rateBps = requireInteger('rateBps', rateBps, 1, MAX_RATE);
    const doubles = (place: number) => new Float64Array(memory, byteOffset + place * 8 * capacity, capacity);
    this.#packetRate = doubles(0);
    this.#byteRate = doubles(1);
    this.#packetCredit = doubles(2);
    this.#byteCredit = doubles(3);
    this.#refilledAtMs = new Int32Array(memory, byteOffset + 32 * capacity, capacity);
  }

  /**
   * Gives a slot to a new session, with full buckets. A slot that was never reset admits nothing.
   *
   * @throws {SecurityError} `ERR_SECURITY_OPTION_RANGE` if a rate is not a positive integer.
   */
  reset(slot: SessionSlot, nowMs: Milliseconds, ratePps: number = this.#ratePps, rateBps: number = this.#rateBps): void {
    requireInteger('ratePps', ratePps, 1, MAX_RATE);
    requireInteger('rateBps', rateBps, 1, MAX_RATE);
    this.#packetRate[slot] = ratePps;
    this.#byteRate[slot] = rateBps;
    this.#packetCredit[slot] = ratePps * BURST_MS;
    this.#byteCredit[slot] = rateBps * BURST_MS;
    this.#refilledAtMs[slot] = nowMs;
  }

  /** Packets per second that a slot's session may send. */
  ratePps(slot: SessionSlot): number {
    return this.#packetRate[slot];
  }

  /** Bytes per second, likewise. */
  rateBps(slot: SessionSlot): number {
    return this.#byteRate[slot];
  }

  /**
   * Gives a slot another rate from now on. What it has saved up stays, up to what the new rate may save up.
   *
   * @throws {SecurityError} `ERR_SECURITY_OPTION_RANGE` if a rate is not a positive integer.
   */
  setRate(slot: SessionSlot, ratePps: number, rateBps: number): void {
    this.#packetRate[slot] = requireInteger('ratePps', ratePps, 1, MAX_RATE);
    this.#byteRate[slot] = requireInteger('rateBps', rateBps, 1, MAX_RATE);
    this.#packetCredit[slot] = Math.min(this.#packetCredit[slot], ratePps * BURST_MS);
    this.#byteCredit[slot] = Math.min(this.#byteCredit[slot], rateBps * BURST_MS);
  }

  /**
   * Asks whether a packet may pass, and takes its credit if so. A refused packet takes nothing from either bucket.
   *
   * @param bytes - what the packet weighs; the node uses the UDP payload's length.
   * @param isParity - whether it is a parity packet, which counts by its bytes only.
   * @returns 0, `DropReason.ratePackets` or `DropReason.rateBytes`.
   */
  admit(slot: SessionSlot, bytes: number, nowMs: Milliseconds, isParity = false): 0 | DropReason {
    let packetCredit = this.#packetCredit[slot];
    let byteCredit = this.#byteCredit[slot];
    const elapsedMs = (nowMs - this.#refilledAtMs[slot]) | 0;
    if (elapsedMs !== 0) {
      this.#refilledAtMs[slot] = nowMs;
      packetCredit = refill(packetCredit, this.#packetRate[slot], elapsedMs);
      byteCredit = refill(byteCredit, this.#byteRate[slot], elapsedMs);
    }
    const packetCost = isParity ? 0 : CREDIT_PER_UNIT;
    const byteCost = isParity ? this.#parityCost(slot, bytes) : bytes * CREDIT_PER_UNIT;
    // Asked this way round, so that a slot that does not exist (NaN) is refused.
    let refusal: 0 | DropReason = DropReason.ratePackets;
    if (packetCredit >= packetCost) {
      refusal = DropReason.rateBytes;
      if (byteCredit >= byteCost) {
        refusal = 0;
        packetCredit -= packetCost;
        byteCredit -= byteCost;
      }
    }
    this.#packetCredit[slot] = packetCredit;
    this.#byteCredit[slot] = byteCredit;
    return refusal;
  }

  /**
   * Whether a slot has more than half of what its buckets hold. For senders that come second. They leave half of the burst to
   * those that do not ask this, and as much of the rate as those want.
   */
  hasHalf(slot: SessionSlot, nowMs: Milliseconds): boolean {
    const elapsedMs = (nowMs - this.#refilledAtMs[slot]) | 0;
    const packetRate = this.#packetRate[slot];
    const byteRate = this.#byteRate[slot];
    const hasPackets = 2 * refill(this.#packetCredit[slot], packetRate, elapsedMs) > packetRate * BURST_MS;
    return hasPackets && 2 * refill(this.#byteCredit[slot], byteRate, elapsedMs) > byteRate * BURST_MS;
  }

  #parityCost(slot: SessionSlot, bytes: number): number {
    const least = Math.floor((LEAST_PARITY_WEIGHT * CREDIT_PER_UNIT * this.#byteRate[slot]) / this.#packetRate[slot]);
    return Math.max(bytes * CREDIT_PER_UNIT, least);
  }
}

/** Bytes that a {@link RateLimiter} takes for so many slots, a multiple of 8. */
export function rateLimiterBytes(capacity: number): number {
  return Math.ceil((36 * requireInteger('capacity', capacity, 1, MAX_CAPACITY)) / 8) * 8;
}

function refill(credit: number, rate: number, elapsedMs: Milliseconds): number {
  const full = rate * BURST_MS;
  if (elapsedMs >= BURST_MS) return full;
  if (elapsedMs < 0) return credit;
  const refilled = credit + rate * elapsedMs;
  return refilled < full ? refilled : full;
}
