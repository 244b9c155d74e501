import { Bottleneck } from './bottleneck.ts';
import { DueList } from './due-list.ts';
import { NetemError, demand } from './errors.ts';
import { parseImpairments } from './options.ts';
import type { Impairments, NetemOptions, ParsedImpairments } from './options.ts';
import { Outages } from './outages.ts';
import { Random } from './random.ts';

/** `sent + duplicated = delivered + inFlight` and all that was lost holds at any time. */
export interface NetemStats {
  readonly sent: number;
  /** Bytes of those that were sent. */
  readonly bytes: number;
  readonly delivered: number;
  /** Lost by `loss`. */
  readonly lostRandom: number;
  /** Lost by `burst`. */
  readonly lostBurst: number;
  /** Lost in `outages`. */
  readonly lostOutage: number;
  /** Dropped by the `policer`. */
  readonly lostPolicer: number;
  /** The longest time that a packet has waited in the queue. */
  readonly longestQueueMs: number;
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

/** Losses by time are drawn for slots of so many milliseconds. */
const SLOT_MS = 0.1;
/** Together with a slot's number, seeds of 53 bits. */
const TWO_POW_19 = 0x8_0000;
const TWO_POW_33 = 0x2_0000_0000;

/**
 * One direction of an emulated link, without I/O and without a clock. The caller gives the time in milliseconds, as a
 * plain number that may have fractions and never goes back.
 *
 * The way of a packet:
 *
 * send -> 1 policer, queue and rate -> 2 outages, burst loss -> 3 random loss -> 4 duplication -> 5 delay, jitter, reorder -> deliver
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
  readonly #counts = {
    sent: 0,
    bytes: 0,
    delivered: 0,
    lostRandom: 0,
    lostBurst: 0,
    lostOutage: 0,
    lostPolicer: 0,
    lostQueue: 0,
    duplicated: 0,
    reordered: 0,
  };
  readonly #outages: Outages;
  readonly #bottleneck: Bottleneck;
  readonly #slotSeed: number;
  #slot = -1;
  #inSlot = 0;
  #impairments: Impairments;
  #parsed: ParsedImpairments;
  #channelIsBad = false;
  #lastSendMs = -Infinity;
  #lastDueMs = -Infinity;
  #highestDelivered = 0;

  /** @throws {NetemError} `ERR_NETEM_INVALID_OPTION` */
  constructor({ seed, ...impairments }: NetemOptions) {
    const random = new Random(seed);
    this.#random = { loss: random.fork(), burst: random.fork(), duplicate: random.fork(), jitter: random.fork(), reorder: random.fork() };
    this.#outages = new Outages(random.fork());
    this.#bottleneck = new Bottleneck(random.fork());
    this.#slotSeed = random.nextInt(TWO_POW_19);
    this.#impairments = impairments;
    this.#parsed = parseImpairments(impairments);
  }

  /** Copies under way. */
  get pending(): number {
    return this.#underWay.size;
  }

  get stats(): NetemStats {
    return { ...this.#counts, longestQueueMs: this.#bottleneck.longestQueueMs, inFlight: this.pending };
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
    this.#counts.bytes += sizeBytes;

    const isDown = this.outageLeftMs(nowMs) > 0;
    const fault = this.#parsed.byTime ? this.#losesByTime(nowMs) : chance(this.#random.loss, this.#parsed.loss);
    // 1 policer, queue and rate
    if (!this.#bottleneck.passesPolicer(sizeBytes, nowMs, this.#parsed)) return this.#lose('lostPolicer');
    const departureMs = this.#bottleneck.departureMs(sizeBytes, nowMs, this.#parsed);
    if (departureMs < 0) return this.#lose('lostQueue');
    // 2 and 3
    if (isDown) return this.#lose('lostOutage');
    if (this.#losesToBurst()) return this.#lose('lostBurst');
    if (fault) return this.#lose('lostRandom');

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

  /** How long the link stays down from now on; 0 while it is up. @param nowMs never goes back. */
  outageLeftMs(nowMs: number): number {
    return this.#outages.leftMs(nowMs, this.#parsed['outages.share'], this.#parsed['outages.meanMs']);
  }

  #lose(cause: 'lostRandom' | 'lostBurst' | 'lostOutage' | 'lostPolicer' | 'lostQueue'): void {
    this.#counts[cause] += 1;
  }

  /** Draws by the slot of time, and by which of its packets it is. */
  #losesByTime(nowMs: number): boolean {
    const slot = Math.floor(nowMs / SLOT_MS);
    this.#inSlot = slot === this.#slot ? this.#inSlot + 1 : 0;
    this.#slot = slot;
    return new Random(this.#slotSeed * TWO_POW_33 + slot * 4 + Math.min(this.#inSlot, 3)).next() < this.#parsed.loss;
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
