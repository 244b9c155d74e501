import { RateLimiter, ReflectionGuard, rateLimiterBytes, reflectionGuardBytes } from '@lightspeed/security';
import { DropReason } from '@lightspeed/wire';
import type { Milliseconds, SessionSlot } from '@lightspeed/wire';
import type { RelayOptions } from './relay-options.ts';
import type { AddressPrefix } from './address-prefix.ts';
import type { SessionRegistration } from './relay-session.ts';
import { SeatPool } from './seat-pool.ts';

/** How long what limits count outlives a session: the windows in which an account may be found to have earned a ban. */
export function limitsOutliveMs({ destinationWindowMs, fullWindowsToBan }: LimitsOptions): Milliseconds {
  return destinationWindowMs * fullWindowsToBan;
}

/** Bytes of memory for the limits of so many registrations, for relays that share a port. */
export function limitsBytes(seats: number): number {
  const even = seats + (seats & 1);
  return 2 * rateLimiterBytes(even) + reflectionGuardBytes(even);
}

type LimitsOptions = Pick<
  RelayOptions,
  'maxClients' | 'maxPpsPerClient' | 'maxBpsPerClient' | 'maxDestinationsPerWindow' | 'destinationWindowMs' | 'fullWindowsToBan'
>;

/** What is counted for seats. */
class Seats {
  readonly upstream: RateLimiter;
  readonly downstream: RateLimiter;
  readonly reflection: ReflectionGuard;

  constructor(capacity: number, options: LimitsOptions, memory: ArrayBufferLike = new ArrayBuffer(limitsBytes(capacity))) {
    const { maxPpsPerClient, maxBpsPerClient, maxDestinationsPerWindow, destinationWindowMs, fullWindowsToBan } = options;
    const rateBytes = rateLimiterBytes(capacity);
    this.upstream = new RateLimiter(capacity, maxPpsPerClient, maxBpsPerClient, memory, 0);
    this.downstream = new RateLimiter(capacity, maxPpsPerClient, maxBpsPerClient, memory, rateBytes);
    const windows = { maxDestinationsPerWindow, windowMs: destinationWindowMs, fullWindowsToBan };
    this.reflection = new ReflectionGuard(capacity, windows, memory, 2 * rateBytes);
  }
}

/**
 * The limits of sessions: rates in both directions, and new destinations. What they count belongs to a *seat*, and outlives
 * the session. The session of a registration has the registration's seat, which is common to all relays of a port. Other
 * sessions have seats of this relay, which it keeps for the prefix of their address (docs/protocol.md, Limits).
 */
export class SessionLimits {
  readonly #common: Seats | null;
  #options: LimitsOptions;
  /** Made when they are needed: most nodes have only sessions of registrations. */
  #ownSeats: SeatPool<number | string> | undefined;
  #own: Seats | null = null;
  /** By slot: a common seat, or -1 - one of this relay. */
  readonly #seats: Int32Array;

  /** @param memory of the registrations' seats, see {@link limitsBytes}; undefined for a relay that shares its port with none. */
  constructor(options: LimitsOptions, memory: SharedArrayBuffer | undefined) {
    const { maxClients } = options;
    const capacity = memory === undefined ? 0 : 2 * (memory.byteLength / limitsBytes(2));
    this.#common = memory === undefined ? null : new Seats(capacity, options, memory);
    this.#options = options;
    this.#seats = new Int32Array(maxClients);
  }

  /**
   * A session has opened.
   * @param isFresh whether the registration's seat is: nobody has counted for it yet.
   */
  open(
    slot: SessionSlot,
    registration: SessionRegistration | null,
    prefix: AddressPrefix,
    isFresh: boolean,
    nowMs: Milliseconds,
    maxPps: number,
    maxBps: number,
  ): void {
    let starts = isFresh;
    if (registration !== null && registration.index >= 0 && this.#common !== null) {
      this.#seats[slot] = registration.index;
    } else {
      this.#ownSeats ??= new SeatPool(this.#options.maxClients, limitsOutliveMs(this.#options));
      this.#own ??= new Seats(this.#options.maxClients, this.#options);
      const seat = this.#ownSeats.take(accountOf(prefix), nowMs);
      this.#seats[slot] = -1 - seat.number;
      starts = seat.isFresh;
    }
    const { upstream, downstream, reflection } = this.#of(slot);
    const seat = this.#seatOf(slot);
    if (starts) {
      for (const limiter of [upstream, downstream]) limiter.reset(seat, nowMs, maxPps, maxBps);
      reflection.reset(seat, nowMs);
    } else {
      for (const limiter of [upstream, downstream]) limiter.setRate(seat, maxPps, maxBps);
    }
  }

  /** A session is over. @param isVerified false if anybody may have opened it in somebody's name: what was counted is forgotten. */
  close(slot: SessionSlot, prefix: AddressPrefix, isVerified: boolean, nowMs: Milliseconds): void {
    if (this.#seats[slot] < 0) this.#ownSeats?.give(this.#seatOf(slot), accountOf(prefix), nowMs, isVerified);
  }

  /** Asks whether a packet of a session's client may pass; see `RateLimiter.admit`. */
  admitUpstream(slot: SessionSlot, bytes: number, nowMs: Milliseconds, isParity: boolean): 0 | DropReason {
    const seat = this.#seats[slot];
    const verdict =
      seat < 0 ? this.#own?.upstream.admit(-1 - seat, bytes, nowMs, isParity) : this.#common?.upstream.admit(seat, bytes, nowMs, isParity);
    return verdict ?? DropReason.ratePackets;
  }

  /** Asks whether a server's datagram may pass to a session's client, likewise. */
  admitDownstream(slot: SessionSlot, bytes: number, nowMs: Milliseconds): 0 | DropReason {
    const seat = this.#seats[slot];
    const verdict = seat < 0 ? this.#own?.downstream.admit(-1 - seat, bytes, nowMs) : this.#common?.downstream.admit(seat, bytes, nowMs);
    return verdict ?? DropReason.ratePackets;
  }

  /** Whether a session's rate downwards has something to spare for those to whom it has not sent; see `RateLimiter.hasHalf`. */
  hasSpareDownstream(slot: SessionSlot, nowMs: Milliseconds): boolean {
    return this.#of(slot).downstream.hasHalf(this.#seatOf(slot), nowMs);
  }

  /**
   * Asks whether so many bytes of redundancy may go to a session's client. They count, and never take what payloads need: half of
   * what the buckets hold is left to those.
   */
  admitRedundancy(slot: SessionSlot, bytes: number, nowMs: Milliseconds): boolean {
    return this.hasSpareDownstream(slot, nowMs) && this.#of(slot).downstream.admit(this.#seatOf(slot), bytes, nowMs, true) === 0;
  }

  /** Asks whether a session may open a new destination; see `ReflectionGuard.admitDestination`. */
  admitDestination(slot: SessionSlot, nowMs: Milliseconds): 0 | 1 | 2 {
    return this.#of(slot).reflection.admitDestination(this.#seatOf(slot), nowMs);
  }

  /** Gives a session other rates from now on. */
  setRate(slot: SessionSlot, maxPps: number, maxBps: number): void {
    const { upstream, downstream } = this.#of(slot);
    for (const limiter of [upstream, downstream]) limiter.setRate(this.#seatOf(slot), maxPps, maxBps);
  }

  setMaxDestinationsPerWindow(most: number): void {
    this.#options = { ...this.#options, maxDestinationsPerWindow: most };
    this.#common?.reflection.setMaxDestinationsPerWindow(most);
    this.#own?.reflection.setMaxDestinationsPerWindow(most);
  }

  /** A session's packets per second, each way. */
  ratePps(slot: SessionSlot): number {
    return this.#of(slot).upstream.ratePps(this.#seatOf(slot));
  }

  /** Its bytes per second, likewise. */
  rateBps(slot: SessionSlot): number {
    return this.#of(slot).upstream.rateBps(this.#seatOf(slot));
  }

  #of(slot: SessionSlot): Seats {
    const seats = this.#seats[slot] < 0 ? this.#own : this.#common;
    if (seats === null) throw new RangeError(`slot ${slot} has no seat`);
    return seats;
  }

  #seatOf(slot: SessionSlot): number {
    const seat = this.#seats[slot];
    return seat < 0 ? -1 - seat : seat;
  }
}

/** A key for a prefix: the bits of an IPv4 address, or a text. */
function accountOf({ prefixHigh, prefixLow }: AddressPrefix): number | string {
  return prefixHigh === 0 ? prefixLow : `${prefixHigh} ${prefixLow}`;
}
