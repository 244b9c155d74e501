import { sequenceDelta } from '@lightspeed/wire';
import type { Microseconds, Milliseconds, PathNumber, SequenceNumber } from '@lightspeed/wire';
import { MAX_REPORTED_DELAY_MS, QueueingDelay, queueingDelayWords } from './queueing-delay.ts';

/** A number counts as lost if it has not come when one so far ahead has. */
const JUDGED_PACKETS = 64;
/** It also counts as lost if one ahead of it came so long ago, or up to one note less. */
const JUDGED_MS = 100;
/** A number that is further from the newest is no loss: the sender counts anew. */
const MAX_JUMP_PACKETS = 1024;
/** Reports are so far apart while the sender decides, so far while loss just goes on, and so far while there is none. */
const QUICK_REPORT_MS = 100;
const LOSSY_REPORT_MS = 500;
const CLEAN_REPORT_MS = 1000;
/** The sender decides for so long after loss has begun, and while it sends redundancy: what that does has to show soon. */
const QUICK_MS = 5000;
/** The line counts as lossy for so long after the last loss. */
const LOSSY_MS = 3000;
/** A queue of so many milliseconds asks for reports as losses do. The sender's loop looks for as much. */
const QUEUE_MS = 10;
/** Which number was the newest at the end of so many spans of this length. Together they cover the time until it is judged. */
const NOTES = 8;
const NOTE_MS = 16;

/** Places of the words in a judge's memory. */
const Word = {
  seen: 0,
  newest: 2,
  judged: 3,
  received: 4,
  runs: 5,
  epoch: 6,
  flags: 7,
  lossMs: 8,
  reportMs: 9,
  quickMs: 10,
  delayUs: 11,
  firstNote: 12,
  noteCount: 13,
  notes: 14,
  delays: 14 + 2 * NOTES,
} as const;

/** The flags: there is a newest number, the last judged one was lost, there were losses. There was a report, something is new, the sender decides. */
const STARTED = 1;
const IN_RUN = 2;
const LOSSY = 4;
const REPORTED = 8;
const UNREPORTED = 16;
const QUICK = 32;

/** No packet came since the last report. */
const NO_DELAY = -1;

/** Words of 32 bits that a judge of so many paths takes: 54 for four. */
export function arrivalJudgeWords(paths: number): number {
  return Word.delays + queueingDelayWords(paths);
}

/**
 * What the receiving end tells the sending end of how packets fared on the way (docs/protocol.md, Blocks). It looks at
 * what came on the wire, not at what was repaired. So it has bits of its own, apart from those of the duplicate window.
 *
 * ```
 *   judged: came, or lost        one bit each: has come or may still       not sent yet
 *  ------------------------|----------------------------------------|----------------------> sequence
 *                     `highest`          at most 64, 100 ms       newest
 * ```
 */
export class ArrivalJudge {
  readonly #words: Int32Array;
  readonly #first: number;
  readonly #delay: QueueingDelay;
  readonly #paths: number;

  /**
   * @param paths how many paths the session may have.
   * @param words its memory, all zero: the {@link arrivalJudgeWords} words from `first` on. Default: an array of its own.
   */
  constructor(paths: number, words: Int32Array = new Int32Array(arrivalJudgeWords(paths)), first = 0) {
    this.#words = words;
    this.#first = first;
    this.#paths = paths;
    this.#delay = new QueueingDelay(words, first + Word.delays);
    words[first + Word.delayUs] = NO_DELAY;
  }

  /** Begins with another epoch than 0, so that nobody takes these counts for those of a judge before. */
  beginAt(epoch: number): void {
    this.#words[this.#first + Word.epoch] = epoch & 0xff;
  }

  /** The sender starts over: its numbers begin anew, and its clock may be another one. */
  restart(): void {
    const words = this.#words;
    const first = this.#first;
    if ((words[first + Word.flags] & STARTED) !== 0) words[first + Word.epoch]++;
    words[first + Word.flags] = 0;
    words[first + Word.noteCount] = 0;
    for (let path = 0; path < this.#paths; path++) this.#delay.forget(path);
  }

  /** The newest number of which it is known whether it came. The counts below are up to it. */
  get highest(): SequenceNumber {
    return this.#words[this.#first + Word.judged] & 0xffff;
  }

  /** How many of the judged numbers came, modulo 65,536. */
  get received(): number {
    return this.#words[this.#first + Word.received] & 0xffff;
  }

  /** How many runs of successive losses there were, modulo 65,536. */
  get runs(): number {
    return this.#words[this.#first + Word.runs] & 0xffff;
  }

  /** Which counts these are, 0 to 255: new whenever they begin anew. */
  get epoch(): number {
    return this.#words[this.#first + Word.epoch] & 0xff;
  }

  /** The smallest queueing delay since the last report, in milliseconds; 255 stands for more, too. */
  get delayMs(): Milliseconds {
    return Math.min(MAX_REPORTED_DELAY_MS, Math.max(0, Math.round(this.#words[this.#first + Word.delayUs] / 1000)));
  }

  /**
   * Takes note of a packet of the data plane that was valid and no duplicate.
   * @param timestampUs the packet's own, a wrapping int32.
   * @param hasBlocks whether it carries redundancy.
   * @param nowMs wrapping int32 clock in milliseconds, `nowUs` the same in microseconds.
   */
  arrived(
    sequence: SequenceNumber,
    timestampUs: Microseconds,
    path: PathNumber,
    hasBlocks: boolean,
    nowMs: Milliseconds,
    nowUs: Microseconds,
  ): void {
    const words = this.#words;
    const first = this.#first;
    if (hasBlocks) this.#hurry(nowMs);
    const delayUs = this.#delay.note(path, timestampUs, nowMs, nowUs);
    if (words[first + Word.delayUs] === NO_DELAY || delayUs < words[first + Word.delayUs]) words[first + Word.delayUs] = delayUs;
    words[first + Word.flags] |= UNREPORTED;
    const ahead = sequenceDelta(sequence, words[first + Word.newest]);
    if ((words[first + Word.flags] & STARTED) === 0 || ahead > MAX_JUMP_PACKETS || ahead < -MAX_JUMP_PACKETS) {
      this.#begin(sequence, nowMs);
      return;
    }
    if (ahead > 0) {
      this.#judgeUpTo(sequence - JUDGED_PACKETS, nowMs);
      for (let number = Math.max(sequence - ahead + 1, sequence - JUDGED_PACKETS + 1); number < sequence; number++)
        this.#setSeen(number, false);
      words[first + Word.newest] = sequence;
      this.#setSeen(sequence, true);
      this.#note(sequence, nowMs);
    } else if (sequenceDelta(sequence, words[first + Word.judged]) > 0) this.#setSeen(sequence, true);
    this.#judgeOld(nowMs);
  }

  /** Whether a report is to go with the next packet, or by itself. */
  isDue(nowMs: Milliseconds): boolean {
    const words = this.#words;
    const first = this.#first;
    // Asked with each packet: mostly this is the answer.
    if ((words[first + Word.flags] & REPORTED) !== 0 && (nowMs - words[first + Word.reportMs]) >>> 0 < QUICK_REPORT_MS) return false;
    this.#judgeOld(nowMs);
    if ((words[first + Word.flags] & UNREPORTED) === 0) return false;
    if ((words[first + Word.flags] & REPORTED) === 0) return true;
    return (nowMs - words[first + Word.reportMs]) >>> 0 >= this.reportMs(nowMs);
  }

  /** How far apart reports are now. */
  reportMs(nowMs: Milliseconds): Milliseconds {
    const words = this.#words;
    const first = this.#first;
    if (!this.#isLossy(nowMs) && words[first + Word.delayUs] < QUEUE_MS * 1000) return CLEAN_REPORT_MS;
    const quickMs = (nowMs - words[first + Word.quickMs]) >>> 0;
    if ((words[first + Word.flags] & QUICK) !== 0 && quickMs < QUICK_MS) return QUICK_REPORT_MS;
    return LOSSY_REPORT_MS;
  }

  /** A report has been written from the values above, and goes out. */
  reported(nowMs: Milliseconds): void {
    const words = this.#words;
    const first = this.#first;
    words[first + Word.reportMs] = nowMs;
    words[first + Word.flags] = (words[first + Word.flags] | REPORTED) & ~UNREPORTED;
    words[first + Word.delayUs] = NO_DELAY;
    if (!this.#isLossy(nowMs)) words[first + Word.flags] &= ~LOSSY;
    if ((nowMs - words[first + Word.quickMs]) >>> 0 >= QUICK_MS) words[first + Word.flags] &= ~QUICK;
  }

  /** Another path has taken this number: its delays are not comparable. */
  forgetPath(path: PathNumber): void {
    this.#delay.forget(path);
  }

  /** Begins to count anew at a number. */
  #begin(sequence: SequenceNumber, nowMs: Milliseconds): void {
    const words = this.#words;
    const first = this.#first;
    if ((words[first + Word.flags] & STARTED) !== 0) words[first + Word.epoch]++;
    words.fill(0, first + Word.seen, first + Word.seen + 2);
    words[first + Word.newest] = sequence;
    words[first + Word.judged] = (sequence - 1) & 0xffff;
    words[first + Word.received] = 0;
    words[first + Word.runs] = 0;
    words[first + Word.noteCount] = 0;
    words[first + Word.flags] = (words[first + Word.flags] | STARTED) & ~(IN_RUN | LOSSY);
    this.#setSeen(sequence, true);
    this.#note(sequence, nowMs);
  }

  /** Judges all numbers up to one, as a plain number that may lie below 0. Those beyond the newest have not come. */
  #judgeUpTo(last: number, nowMs: Milliseconds): void {
    const words = this.#words;
    const first = this.#first;
    const count = sequenceDelta(last, words[first + Word.judged]);
    if (count <= 0) return;
    const known = Math.min(count, sequenceDelta(words[first + Word.newest], words[first + Word.judged]));
    for (let nth = 0; nth < known; nth++) {
      words[first + Word.judged] = (words[first + Word.judged] + 1) & 0xffff;
      const number = words[first + Word.judged];
      if ((words[first + Word.seen + ((number >> 5) & 1)] & (1 << (number & 31))) !== 0) {
        words[first + Word.received]++;
        words[first + Word.flags] &= ~IN_RUN;
      } else this.#lost(nowMs);
    }
    if (count > known) this.#lost(nowMs);
    words[first + Word.judged] = last & 0xffff;
  }

  #lost(nowMs: Milliseconds): void {
    const words = this.#words;
    const first = this.#first;
    if ((words[first + Word.flags] & IN_RUN) === 0) words[first + Word.runs]++;
    if ((words[first + Word.flags] & LOSSY) === 0) this.#hurry(nowMs);
    words[first + Word.flags] |= IN_RUN | LOSSY;
    words[first + Word.lossMs] = nowMs;
  }

  #hurry(nowMs: Milliseconds): void {
    this.#words[this.#first + Word.flags] |= QUICK;
    this.#words[this.#first + Word.quickMs] = nowMs;
  }

  #isLossy(nowMs: Milliseconds): boolean {
    return (this.#words[this.#first + Word.flags] & LOSSY) !== 0 && (nowMs - this.#words[this.#first + Word.lossMs]) >>> 0 < LOSSY_MS;
  }

  #setSeen(sequence: number, isSeen: boolean): void {
    const place = this.#first + Word.seen + ((sequence >> 5) & 1);
    if (isSeen) this.#words[place] |= 1 << (sequence & 31);
    else this.#words[place] &= ~(1 << (sequence & 31));
  }

  /** Notes which number is the newest: in the last note, if that was begun a moment ago. */
  #note(sequence: SequenceNumber, nowMs: Milliseconds): void {
    const words = this.#words;
    const first = this.#first;
    const count = words[first + Word.noteCount];
    const latest = this.#placeOfNote(count - 1);
    if (count > 0 && (nowMs - words[latest + 1]) >>> 0 < NOTE_MS) {
      words[latest] = sequence;
      return;
    }
    if (count === NOTES) words[first + Word.firstNote]++;
    else words[first + Word.noteCount]++;
    const place = this.#placeOfNote(words[first + Word.noteCount] - 1);
    words[place] = sequence;
    words[place + 1] = nowMs;
  }

  /** Judges what a number has overtaken that came long enough ago. */
  #judgeOld(nowMs: Milliseconds): void {
    const words = this.#words;
    const first = this.#first;
    while (words[first + Word.noteCount] > 0) {
      const place = this.#placeOfNote(0);
      if ((nowMs - words[place + 1]) >>> 0 < JUDGED_MS) return;
      this.#judgeUpTo(words[place], nowMs);
      words[first + Word.firstNote]++;
      words[first + Word.noteCount]--;
    }
  }

  #placeOfNote(nth: number): number {
    return this.#first + Word.notes + 2 * ((this.#words[this.#first + Word.firstNote] + nth) & (NOTES - 1));
  }
}
