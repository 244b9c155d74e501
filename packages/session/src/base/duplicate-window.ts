import { DropReason, sequenceDelta } from '@lightspeed/wire';
import type { Microseconds, Milliseconds, SequenceNumber } from '@lightspeed/wire';

/** How many of the latest sequence numbers a window remembers (docs/protocol.md, Duplicates). */
export const DUPLICATE_WINDOW_PACKETS = 1024;

/** The words of 32 bits that tell what was seen. */
const SEEN_WORDS = DUPLICATE_WINDOW_PACKETS / 32;
/** The word behind them: when the last new number came. */
const NEW_MS = SEEN_WORDS;
/** The timestamp of the newest number that bore a tag. */
const TAG_TIMESTAMP_US = SEEN_WORDS + 1;
/** Whether there was one (the lowest bit), and how many numbers are to be left out when the window goes on. */
const NOTES = SEEN_WORDS + 2;
const HAS_TAG = 1;
const ONE_LEFT_OUT = 2;
/** The last candidate: how many have risen up to it, its number, its timestamp, and when it came. */
const CANDIDATES = SEEN_WORDS + 3;
const CANDIDATE = SEEN_WORDS + 4;
const CANDIDATE_TIMESTAMP_US = SEEN_WORDS + 5;
const CANDIDATE_MS = SEEN_WORDS + 6;

/** Words of 32 bits that a window takes. There are very many windows, and fields would take twice as much. */
export const DUPLICATE_WINDOW_WORDS = SEEN_WORDS + 7;

/** What {@link DuplicateWindow.accept} returns for a packet to which the window has moved: it is taken as a first arrival. */
export const WINDOW_MOVED = -1;

/** So many candidates that rise move the window. */
const CANDIDATES_TO_MOVE = 8;
/** Nobody else speaks for the window where it is if no new number has come inside for so long. */
const QUIET_BEFORE_MOVE_MS = 250;
/** A candidate that nothing has followed for so long gives its place to any other one. */
const CANDIDATE_STALE_MS = 500;
/** A move ahead by less is an outage of the network, whose packets were lost. One by more is a peer that starts over. */
const OUTAGE_PACKETS = 16_384;

/**
 * Sliding window over a 16-bit sequence that wraps. It tells a packet's first arrival from every later one
 * (docs/protocol.md, Duplicates). The idea of its bits is that of RFC 6479.
 *
 * ```
 *   one bit for each of the last 1,024 numbers, at `number mod 1,024`
 *
 *       newest - 1,023                newest                    newest + 1,023
 *   ------|----------------------------|----------------------------|----------->  sequence
 *  tooOld |  seen: duplicate, else new |  new: the window follows   | tooFarAhead
 * ```
 *
 * A number outside may be forged, so it is dropped, and is only a candidate. Eight different candidates that rise, each at
 * most 1,023 ahead of the one before, move the window. A number with a verified tag moves it at once.
 */
export class DuplicateWindow {
  /**
   * Whether numbers that were seen are candidates too. Only for a session of one path that was opened without a proof.
   * Its peer may start over with the numbers of its first packets, and has no other way to say so.
   */
  startsOverOnDuplicates = false;
  readonly #words: Int32Array;
  readonly #first: number;
  #newest = -1;
  #span = 0;
  #unique = 0;
  #late = 0;
  #spanBefore = 0;

  /**
   * @param words its memory. The `DUPLICATE_WINDOW_WORDS` words from `first` on are its own from now on. So
   *   many windows may share one array. Default: an array of its own.
   */
  constructor(words: Int32Array = new Int32Array(DUPLICATE_WINDOW_WORDS), first = 0) {
    this.#words = words;
    this.#first = first;
    this.#clear();
  }

  /**
   * Takes note of a packet.
   * @param sequence 0 to 65,535.
   * @param timestampUs the packet's own, a wrapping int32.
   * @param nowMs wrapping int32 clock in milliseconds.
   * @param tagged whether the packet bears a verified tag: nobody but the peer can have sent it.
   * @returns 0 on its first arrival, `WINDOW_MOVED` if the window has moved to it as well; else
   *   `DropReason.duplicate`, `DropReason.tooOld` or `DropReason.tooFarAhead`.
   */
  accept(sequence: SequenceNumber, timestampUs: Microseconds, nowMs: Milliseconds, tagged: boolean): DropReason | 0 | typeof WINDOW_MOVED {
    const ahead = sequenceDelta(sequence, this.#newest);
    if (ahead > 0 && ahead < DUPLICATE_WINDOW_PACKETS && this.#newest >= 0) {
      this.#advance(ahead);
      this.#newest = sequence;
      this.#span += ahead;
      if (this.#words[this.#first + NOTES] > HAS_TAG) this.#leaveOut(ahead);
      if (tagged) this.#noteTag(timestampUs);
      this.#mark(sequence, nowMs);
      return 0;
    }
    return this.#acceptBehind(ahead, sequence, timestampUs, nowMs, tagged);
  }

  /**
   * Takes note of a payload that came in a later packet. It never starts or moves the window, and counts neither as expected nor as
   * received: those say what came on the wire. Who took a payload that is older than the window's first packet is not known.
   * @param sequence the number of the packet whose payload it is.
   * @returns whether it comes for the first time, and is not too old to tell.
   */
  acceptRepeat(sequence: SequenceNumber): boolean {
    const behind = -sequenceDelta(sequence, this.#newest);
    if (this.#newest < 0 || behind <= 0 || behind >= Math.min(this.#span, DUPLICATE_WINDOW_PACKETS)) return false;
    const word = this.#wordOf(sequence);
    const bit = 1 << (sequence & 31);
    if ((this.#words[word] & bit) !== 0) return false;
    this.#words[word] |= bit;
    return true;
  }

  /** Whether a number behind the newest one has not come, nor its payload in a later packet. */
  isMissing(sequence: SequenceNumber): boolean {
    const behind = -sequenceDelta(sequence, this.#newest);
    const isInside = this.#newest >= 0 && behind > 0 && behind < Math.min(this.#span, DUPLICATE_WINDOW_PACKETS);
    return isInside && (this.#words[this.#wordOf(sequence)] & (1 << (sequence & 31))) === 0;
  }

  /**
   * A packet with this number has come, and is none of those that the window is for: a control packet, or one that was refused. So
   * it is not expected any more.
   */
  leaveOut(sequence: SequenceNumber): void {
    const ahead = sequenceDelta(sequence, this.#newest);
    const isInside = ahead > Math.max(-DUPLICATE_WINDOW_PACKETS, -this.#span) && ahead < DUPLICATE_WINDOW_PACKETS;
    if (this.#newest < 0 || !isInside) return;
    if (ahead <= 0 && (this.#words[this.#wordOf(sequence)] & (1 << (sequence & 31))) !== 0) return;
    this.#words[this.#first + NOTES] += ONE_LEFT_OUT;
  }

  /** Forgets what was seen; the next packet, whatever its number, is a first one. `expected` and `received` go on. */
  reset(): void {
    this.#clear();
    this.#newest = -1;
    this.#spanBefore += this.#span;
    this.#span = 0;
  }

  /** The peer's clock may have started over: the next tagged number outside moves the window, whatever its timestamp. */
  forgetTag(): void {
    this.#words[this.#first + NOTES] &= ~HAS_TAG;
  }

  /**
   * How many numbers lie between the oldest and the newest that were accepted, both included, but for those that were left out;
   * summed over resets.
   */
  get expected(): number {
    return this.#spanBefore + this.#span;
  }

  /** How many different numbers were accepted: `expected - received` packets were lost or are still on their way. */
  get received(): number {
    return this.#unique;
  }

  /** How many of those that were accepted came behind a later one. */
  get late(): number {
    return this.#late;
  }

  /** All but the usual case: the first number, one that is not newer, and one outside. */
  #acceptBehind(
    ahead: number,
    sequence: SequenceNumber,
    timestampUs: Microseconds,
    nowMs: Milliseconds,
    tagged: boolean,
  ): DropReason | 0 | typeof WINDOW_MOVED {
    if (this.#newest < 0) {
      this.#start(sequence, timestampUs, nowMs, tagged);
      return 0;
    }
    if (ahead > -DUPLICATE_WINDOW_PACKETS && ahead <= 0) {
      if ((this.#words[this.#wordOf(sequence)] & (1 << (sequence & 31))) === 0) {
        if (-ahead >= this.#span) this.#span = 1 - ahead;
        this.#late++;
        this.#mark(sequence, nowMs);
        return 0;
      }
      const canMove = this.startsOverOnDuplicates && !tagged && this.#isEnough(sequence, timestampUs, nowMs);
      return canMove ? this.#move(ahead, sequence, timestampUs, nowMs, tagged) : DropReason.duplicate;
    }
    const canMove = tagged ? this.#isRecent(timestampUs) : this.#isEnough(sequence, timestampUs, nowMs);
    if (canMove) return this.#move(ahead, sequence, timestampUs, nowMs, tagged);
    return ahead > 0 ? DropReason.tooFarAhead : DropReason.tooOld;
  }

  /** Takes off what was left out, now that numbers are added: so `expected` never goes down. */
  #leaveOut(added: number): void {
    const place = this.#first + NOTES;
    const count = Math.min(added, this.#words[place] >>> 1);
    this.#words[place] -= count * ONE_LEFT_OUT;
    this.#spanBefore -= count;
  }

  #noteTag(timestampUs: Microseconds): void {
    this.#words[this.#first + NOTES] |= HAS_TAG;
    this.#words[this.#first + TAG_TIMESTAMP_US] = timestampUs;
  }

  /** Whether a tagged packet is no older one that was recorded, and sent again. */
  #isRecent(timestampUs: Microseconds): boolean {
    const words = this.#words;
    const first = this.#first;
    return (words[first + NOTES] & HAS_TAG) === 0 || ((timestampUs - words[first + TAG_TIMESTAMP_US]) | 0) >= 0;
  }

  /** Notes a candidate. @returns whether there are enough now, and nothing new came inside the window for a while. */
  #isEnough(sequence: SequenceNumber, timestampUs: Microseconds, nowMs: Milliseconds): boolean {
    const words = this.#words;
    const first = this.#first;
    const ahead = sequenceDelta(sequence, words[first + CANDIDATE]);
    const laterUs = (timestampUs - words[first + CANDIDATE_TIMESTAMP_US]) | 0;
    const isNear = ahead > -DUPLICATE_WINDOW_PACKETS && ahead < DUPLICATE_WINDOW_PACKETS && words[first + CANDIDATES] > 0;
    if (isNear && ahead > 0 && laterUs >= 0) {
      words[first + CANDIDATES]++;
    } else {
      // The same again, or one that was overtaken on its way, says nothing.
      const isSame = isNear && ahead === 0 && laterUs === 0;
      const isOvertaken = isNear && ahead < 0 && laterUs < 0 && (nowMs - words[first + CANDIDATE_MS]) >>> 0 < CANDIDATE_STALE_MS;
      if (isSame || isOvertaken) return false;
      words[first + CANDIDATES] = 1;
    }
    words[first + CANDIDATE] = sequence;
    words[first + CANDIDATE_TIMESTAMP_US] = timestampUs;
    words[first + CANDIDATE_MS] = nowMs;
    return words[first + CANDIDATES] >= CANDIDATES_TO_MOVE && (nowMs - words[first + NEW_MS]) >>> 0 >= QUIET_BEFORE_MOVE_MS;
  }

  #move(ahead: number, sequence: SequenceNumber, timestampUs: Microseconds, nowMs: Milliseconds, tagged: boolean): typeof WINDOW_MOVED {
    const lost = ahead > 0 && ahead < OUTAGE_PACKETS ? ahead - 1 : 0;
    this.reset();
    this.#spanBefore += lost;
    this.#start(sequence, timestampUs, nowMs, tagged);
    return WINDOW_MOVED;
  }

  #start(sequence: SequenceNumber, timestampUs: Microseconds, nowMs: Milliseconds, tagged: boolean): void {
    this.#newest = sequence;
    this.#span = 1;
    if (tagged) this.#noteTag(timestampUs);
    this.#mark(sequence, nowMs);
  }

  #mark(sequence: SequenceNumber, nowMs: Milliseconds): void {
    this.#words[this.#wordOf(sequence)] |= 1 << (sequence & 31);
    this.#unique++;
    this.#words[this.#first + NEW_MS] = nowMs;
    this.#words[this.#first + CANDIDATES] = 0;
  }

  /** Clears the bits of the numbers that come into the window. */
  #advance(count: number): void {
    for (let number = this.#newest + 1; number <= this.#newest + count; number++) {
      this.#words[this.#wordOf(number)] &= ~(1 << (number & 31));
    }
  }

  #clear(): void {
    this.#words.fill(0, this.#first, this.#first + DUPLICATE_WINDOW_WORDS);
  }

  #wordOf(sequence: SequenceNumber): number {
    return this.#first + ((sequence >> 5) & (SEEN_WORDS - 1));
  }
}
