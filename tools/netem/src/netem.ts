import { DeliveryQueue } from './delivery-queue.ts';
import { NetemError } from './errors.ts';
import { parseImpairments } from './options.ts';
import type { Impairments, NetemOptions, ParsedImpairments } from './options.ts';
import { Random } from './random.ts';

/** `sent + duplicated = delivered + lostRandom + lostBurst + lostQueue + inFlight` holds at any time. */
export interface NetemStats {
  readonly sent: number;
  readonly delivered: number;
  /** Lost by `loss`. */
  readonly lostRandom: number;
  /** Lost by `burst`. */
  readonly lostBurst: number;
  /** Found the queue of a limited link full. */
  readonly lostQueue: number;
  /** Second copies made. */
  readonly duplicated: number;
  /** Delivered after a packet that was sent later, whatever the cause (RFC 4737, type-P-reordered). */
  readonly reordered: number;
  readonly inFlight: number;
}

// Sums of transmission times are not exact, the less so the later it is; a queue must still be full to the byte.
const ROUNDING_BYTES = 0.5;

/**
 * One direction of an emulated link, without I/O and without a clock. The caller gives the time in milliseconds, as a
 * plain number that may have fractions and never goes back.
 *
 * The way of a packet:
 *
 * send -> 1 queue and rate -> 2 burst loss -> 3 random loss -> 4 duplication -> 5 delay, jitter, reorder -> deliver
 *
 * A packet that is lost on the link has used its share of the rate; a duplicate is made behind it and uses none. Each
 * impairment draws from a random stream of its own, so that adding jitter to a link, say, does not change which packets
 * it loses.
 *
 * Packets pass by reference. A sender that reuses its buffer must send a copy. Both copies of a duplicated packet are
 * the same object.
 */
export class Netem<T> {
  readonly #queue = new DeliveryQueue<T>();
  readonly #lossRandom: Random;
  readonly #burstRandom: Random;
  readonly #duplicateRandom: Random;
  readonly #jitterRandom: Random;
  readonly #reorderRandom: Random;
  #impairments: Impairments;
  #parsed: ParsedImpairments;
  #channelIsBad = false;
  #lastSendMs = -Infinity;
  #linkFreeMs = -Infinity;
  #lastDueMs = -Infinity;
  #order = 0;
  #highestDelivered = 0;
  #sent = 0;
  #delivered = 0;
  #lostRandom = 0;
  #lostBurst = 0;
  #lostQueue = 0;
  #duplicated = 0;
  #reordered = 0;

  /** @throws {NetemError} `ERR_NETEM_INVALID_OPTION` */
  constructor(options: NetemOptions) {
    const { seed, ...impairments } = options;
    const random = new Random(seed);
    this.#lossRandom = random.fork();
    this.#burstRandom = random.fork();
    this.#duplicateRandom = random.fork();
    this.#jitterRandom = random.fork();
    this.#reorderRandom = random.fork();
    this.#impairments = impairments;
    this.#parsed = parseImpairments(impairments);
  }

  /** Copies under way. */
  get pending(): number {
    return this.#queue.size;
  }

  get stats(): NetemStats {
    return {
      sent: this.#sent,
      delivered: this.#delivered,
      lostRandom: this.#lostRandom,
      lostBurst: this.#lostBurst,
      lostQueue: this.#lostQueue,
      duplicated: this.#duplicated,
      reordered: this.#reordered,
      inFlight: this.#queue.size,
    };
  }

  /**
   * Alters the link for packets sent from now on, those under way stay: `change({ loss: 1 })` cuts it. What is not
   * named stays as it is; `undefined` brings the default back.
   *
   * @throws {NetemError} `ERR_NETEM_INVALID_OPTION`, and the link stays as it was
   */
  change(impairments: Impairments): void {
    const merged = { ...this.#impairments, ...impairments };
    this.#parsed = parseImpairments(merged);
    this.#impairments = merged;
  }

  /**
   * @param sizeBytes what the packet takes of the rate and of the queue; say whether it includes headers by passing it
   * @throws {NetemError} `ERR_NETEM_INVALID_OPTION` for a negative or infinite size or time, `ERR_NETEM_TIME_BACKWARDS`
   */
  send(packet: T, sizeBytes: number, nowMs: number): void {
    this.#checkSend(sizeBytes, nowMs);
    this.#lastSendMs = nowMs;
    this.#sent += 1;

    // 1 queue and rate
    const { rateBps, queueBytes } = this.#parsed;
    let departureMs = nowMs;
    if (rateBps !== Infinity) {
      const startMs = Math.max(nowMs, this.#linkFreeMs);
      const backlogBytes = ((startMs - nowMs) * rateBps) / 1000;
      // An idle link takes any packet, else one bigger than the queue could never pass.
      if (startMs > nowMs && backlogBytes + sizeBytes > queueBytes + ROUNDING_BYTES) {
        this.#lostQueue += 1;
        return;
      }
      departureMs = startMs + (sizeBytes * 1000) / rateBps;
      this.#linkFreeMs = departureMs;
    }

    if (this.#losesToBurst()) {
      this.#lostBurst += 1;
      return;
    }
    if (chance(this.#lossRandom, this.#parsed.loss)) {
      this.#lostRandom += 1;
      return;
    }

    this.#schedule(packet, departureMs);
    if (chance(this.#duplicateRandom, this.#parsed.duplicate)) {
      this.#duplicated += 1;
      this.#schedule(packet, departureMs);
    }
  }

  /** When the next packet is due, undefined when none is under way. May lie in the past when nobody fetched it. */
  nextDeliveryMs(): number | undefined {
    return this.#queue.peek()?.dueMs;
  }

  /** The next packet due at or before `nowMs`, the earliest first; call until undefined. */
  deliver(nowMs: number): T | undefined {
    const next = this.#queue.peek();
    if (next === undefined || next.dueMs > nowMs) return undefined;
    this.#queue.pop();
    this.#delivered += 1;
    if (next.sentNumber < this.#highestDelivered) this.#reordered += 1;
    else this.#highestDelivered = next.sentNumber;
    return next.packet;
  }

  #checkSend(sizeBytes: number, nowMs: number): void {
    if (!(sizeBytes >= 0 && sizeBytes < Infinity)) {
      throw new NetemError('ERR_NETEM_INVALID_OPTION', `sizeBytes: got ${String(sizeBytes)}, allowed is a finite number from 0`);
    }
    if (!Number.isFinite(nowMs)) {
      throw new NetemError('ERR_NETEM_INVALID_OPTION', `nowMs: got ${String(nowMs)}, allowed is a finite number`);
    }
    if (nowMs < this.#lastSendMs) {
      throw new NetemError('ERR_NETEM_TIME_BACKWARDS', `nowMs: got ${nowMs} after a packet sent at ${this.#lastSendMs}`);
    }
  }

  #losesToBurst(): boolean {
    const { goodToBad, badToGood, lossInBad, lossInGood } = this.#parsed;
    const turns = chance(this.#burstRandom, this.#channelIsBad ? badToGood : goodToBad);
    if (turns) this.#channelIsBad = !this.#channelIsBad;
    return chance(this.#burstRandom, this.#channelIsBad ? lossInBad : lossInGood);
  }

  #schedule(packet: T, departureMs: number): void {
    const { delayMs, jitterMs, keepOrder, reorder } = this.#parsed;
    const addedMs = this.#jitterRandom.next() * jitterMs;
    let dueMs = departureMs;
    if (!chance(this.#reorderRandom, reorder)) {
      dueMs += delayMs + addedMs;
      if (keepOrder) dueMs = Math.max(dueMs, this.#lastDueMs);
      this.#lastDueMs = dueMs;
    }
    this.#queue.push({ packet, dueMs, sentNumber: this.#sent, order: this.#order });
    this.#order += 1;
  }
}

/** Draws in any case: the stream then stays in step with the packets whatever the probability is. */
function chance(random: Random, probability: number): boolean {
  return random.next() < probability;
}
