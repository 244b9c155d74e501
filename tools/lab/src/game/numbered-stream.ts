import { encodeGameDatagram } from './datagram.ts';
import type { GameDatagram, GameKind } from './datagram.ts';

/** How far behind the newest one a datagram may come and be counted right. */
const REMEMBERED = 4_096;
/** How many datagrams' times of sending are kept. */
const PENDING = 1_024;

/** What came of a numbered stream that starts at 1: how much, how much twice, how much not. */
export class Arrivals {
  /** Each sequence's place remembers the newest one that fell there. */
  readonly #seen = new Int32Array(REMEMBERED);
  /** Different sequences that came. */
  received = 0;
  /** Sequences that came again. One that comes {@link REMEMBERED} or more behind the highest counts as such too. */
  duplicates = 0;
  /** The newest sequence, 0 before any. */
  highest = 0;

  /** Of those up to the highest, how many have not come. Late ones may still. */
  get missing(): number {
    return this.highest - this.received;
  }

  note(sequence: number): void {
    const place = sequence % REMEMBERED;
    if (this.#seen[place] >= sequence) {
      this.duplicates++;
      return;
    }
    this.#seen[place] = sequence;
    this.received++;
    this.highest = Math.max(this.highest, sequence);
  }
}

/**
 * Round trips as a game measures them: from sending a numbered datagram to the first one that acknowledges it. The time
 * is taken off for which the other side held the acknowledgement back. Smoothed like TCP's (RFC 6298).
 */
export class RoundTrips {
  readonly #sentMs = new Float64Array(PENDING);
  readonly #sequences = new Int32Array(PENDING);
  #acknowledged = 0;
  /** -1 before the first. */
  smoothedMs = -1;

  sent(sequence: number, nowMs: number): void {
    this.#sequences[sequence % PENDING] = sequence;
    this.#sentMs[sequence % PENDING] = nowMs;
  }

  /** The other side acknowledges `sequence`, which it got `holdUs` before it answered. */
  acknowledged(sequence: number, holdUs: number, nowMs: number): void {
    const place = sequence % PENDING;
    if (sequence <= this.#acknowledged || this.#sequences[place] !== sequence) return;
    this.#acknowledged = sequence;
    const tripMs = Math.max(0, nowMs - this.#sentMs[place] - holdUs / 1_000);
    this.smoothedMs = this.smoothedMs < 0 ? tripMs : this.smoothedMs + (tripMs - this.smoothedMs) / 8;
  }
}

/** What one side has sent, and what it has got of the other; see {@link Arrivals}. */
export type StreamStats = NumberedStream['stats'];

/** One side of a bot's conversation with the server: what it sends, and what it has got of the other side. */
export class NumberedStream {
  readonly #arrivals = new Arrivals();
  readonly #roundTrips = new RoundTrips();
  readonly #bot: number;
  readonly #kind: GameKind;
  #sent = 0;
  #newestAtMs = 0;

  /** @param kind of the datagrams that this side sends */
  constructor(bot: number, kind: GameKind) {
    this.#bot = bot;
    this.#kind = kind;
  }

  get stats() {
    const { received, duplicates, missing } = this.#arrivals;
    return { sent: this.#sent, received, duplicates, missing, rttMs: this.#roundTrips.smoothedMs };
  }

  /** The next datagram to send, `lengthBytes` in all. */
  next(lengthBytes: number, nowMs: number): Buffer {
    this.#sent++;
    this.#roundTrips.sent(this.#sent, nowMs);
    const acknowledged = this.#arrivals.highest;
    const holdUs = acknowledged === 0 ? 0 : Math.round((nowMs - this.#newestAtMs) * 1_000) >>> 0;
    return encodeGameDatagram({ kind: this.#kind, bot: this.#bot, sequence: this.#sent, acknowledged, holdUs }, lengthBytes);
  }

  /** A datagram of the other side. */
  got({ sequence, acknowledged, holdUs }: GameDatagram, nowMs: number): void {
    if (sequence > this.#arrivals.highest) this.#newestAtMs = nowMs;
    this.#arrivals.note(sequence);
    if (acknowledged > 0) this.#roundTrips.acknowledged(acknowledged, holdUs, nowMs);
  }
}
