import { Arrivals } from './arrivals.ts';
import type { GameDatagram, GameKind } from './datagram.ts';
import { encodeGameDatagram } from './datagram.ts';
import { RoundTrips } from './round-trips.ts';

/** What one side has sent, and what it has got of the other. */
export interface StreamStats {
  readonly sent: number;
  /** Different datagrams that came, and those that came again. */
  readonly received: number;
  readonly duplicates: number;
  /** Datagrams that should have come before the newest one. */
  readonly missing: number;
  /** -1 before the first. */
  readonly rttMs: number;
}

/** One side of a bot's conversation with the server: what it sends, and what it has got of the other side. */
export class NumberedStream {
  readonly arrivals = new Arrivals();
  readonly roundTrips = new RoundTrips();
  readonly #bot: number;
  readonly #kind: GameKind;
  #sent = 0;
  #newestAtMs = 0;

  /** @param kind of the datagrams that this side sends */
  constructor(bot: number, kind: GameKind) {
    this.#bot = bot;
    this.#kind = kind;
  }

  get stats(): StreamStats {
    const { received, duplicates, missing } = this.arrivals;
    return { sent: this.#sent, received, duplicates, missing, rttMs: this.roundTrips.smoothedMs };
  }

  /** The next datagram to send, `lengthBytes` in all. */
  next(lengthBytes: number, nowMs: number): Buffer {
    this.#sent++;
    this.roundTrips.sent(this.#sent, nowMs);
    const acknowledged = this.arrivals.highest;
    const holdUs = acknowledged === 0 ? 0 : Math.round((nowMs - this.#newestAtMs) * 1_000) >>> 0;
    return encodeGameDatagram({ kind: this.#kind, bot: this.#bot, sequence: this.#sent, acknowledged, holdUs }, lengthBytes);
  }

  /** A datagram of the other side. */
  got(datagram: GameDatagram, nowMs: number): void {
    const newest = this.arrivals.highest;
    this.arrivals.note(datagram.sequence);
    if (this.arrivals.highest > newest) this.#newestAtMs = nowMs;
    if (datagram.acknowledged > 0) this.roundTrips.acknowledged(datagram.acknowledged, datagram.holdUs, nowMs);
  }
}
