import { DueList } from './due-list.ts';
import { NetemError, demand } from './errors.ts';
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

/** One copy of a packet on its way. */
interface Delivery<T> {
  readonly packet: T;
  readonly dueMs: number;
  /** Number of the packet in the order of sending; a duplicate has its original's. */
  readonly sentNumber: number;
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
  readonly #underWay = new DueList<Delivery<T>>();
  /** Forked in this order from the seed. */
  readonly #random: Readonly<Record<'loss' | 'burst' | 'duplicate' | 'jitter' | 'reorder', Random>>;
  readonly #counts = { sent: 0, delivered: 0, lostRandom: 0, lostBurst: 0, lostQueue: 0, duplicated: 0, reordered: 0 };
  #impairments: Impairments;
  #parsed: ParsedImpairments;
  #channelIsBad = false;
  #lastSendMs = -Infinity;
  #linkFreeMs = -Infinity;
  #lastDueMs = -Infinity;
  #highestDelivered = 0;

  /** @throws {NetemError} `ERR_NETEM_INVALID_OPTION` */
  constructor({ seed, ...impairments }: NetemOptions) {
    const random = new Random(seed);
    this.#random = { loss: random.fork(), burst: random.fork(), duplicate: random.fork(), jitter: random.fork(), reorder: random.fork() };
    this.#impairments = impairments;
    this.#parsed = parseImpairments(impairments);
  }

  /** Copies under way. */
  get pending(): number {
    return this.#underWay.size;
  }

  get stats(): NetemStats {
    return { ...this.#counts, inFlight: this.pending };
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
    demand('sizeBytes', sizeBytes, sizeBytes >= 0 && sizeBytes < Infinity, 'a finite number from 0');
    demand('nowMs', nowMs, Number.isFinite(nowMs), 'a finite number');
    if (nowMs < this.#lastSendMs) {
      throw new NetemError('ERR_NETEM_TIME_BACKWARDS', `nowMs: got ${nowMs} after a packet sent at ${this.#lastSendMs}`);
    }
    this.#lastSendMs = nowMs;
    this.#counts.sent += 1;

    // 1 queue and rate
    const { rateBps, queueBytes } = this.#parsed;
    let departureMs = nowMs;
    if (rateBps !== Infinity) {
      const startMs = Math.max(nowMs, this.#linkFreeMs);
      const backlogBytes = ((startMs - nowMs) * rateBps) / 1000;
      // An idle link takes any packet, else one bigger than the queue could never pass.
      if (startMs > nowMs && backlogBytes + sizeBytes > queueBytes + ROUNDING_BYTES) {
        this.#counts.lostQueue += 1;
        return;
      }
      departureMs = startMs + (sizeBytes * 1000) / rateBps;
      this.#linkFreeMs = departureMs;
    }

    const lost = this.#losesToBurst() ? 'lostBurst' : chance(this.#random.loss, this.#parsed.loss) ? 'lostRandom' : undefined;
    if (lost !== undefined) {
      this.#counts[lost] += 1;
      return;
    }

    this.#schedule(packet, departureMs);
    if (chance(this.#random.duplicate, this.#parsed.duplicate)) {
      this.#counts.duplicated += 1;
      this.#schedule(packet, departureMs);
    }
  }

  /** When the next packet is due, undefined when none is under way. May lie in the past when nobody fetched it. */
  nextDeliveryMs(): number | undefined {
    return this.#underWay.first?.dueMs;
  }

  /** The next packet due at or before `nowMs`, the earliest first; call until undefined. */
  deliver(nowMs: number): T | undefined {
    const next = this.#underWay.first;
    if (next === undefined || next.dueMs > nowMs) return undefined;
    this.#underWay.remove(next);
    this.#counts.delivered += 1;
    if (next.sentNumber < this.#highestDelivered) this.#counts.reordered += 1;
    else this.#highestDelivered = next.sentNumber;
    return next.packet;
  }

  #losesToBurst(): boolean {
    const turns = chance(this.#random.burst, this.#parsed[this.#channelIsBad ? 'burst.badToGood' : 'burst.goodToBad']);
    if (turns) this.#channelIsBad = !this.#channelIsBad;
    return chance(this.#random.burst, this.#parsed[this.#channelIsBad ? 'burst.lossInBad' : 'burst.lossInGood']);
  }

  #schedule(packet: T, departureMs: number): void {
    const { delayMs, jitterMs, keepOrder, reorder } = this.#parsed;
    const addedMs = this.#random.jitter.next() * jitterMs;
    let dueMs = departureMs;
    if (!chance(this.#random.reorder, reorder)) {
      dueMs += delayMs + addedMs;
      if (keepOrder) dueMs = Math.max(dueMs, this.#lastDueMs);
      this.#lastDueMs = dueMs;
    }
    this.#underWay.insert({ packet, dueMs, sentNumber: this.#counts.sent });
  }
}

/** Draws in any case: the stream then stays in step with the packets whatever the probability is. */
function chance(random: Random, probability: number): boolean {
  return random.next() < probability;
}
