import type { Microseconds, Milliseconds, PathNumber } from '@lightspeed/wire';

/** What a report says of a delay that its byte cannot hold. */
export const MAX_REPORTED_DELAY_MS = 255;
/** The smallest delay is looked for in so many spans: the last minute, but for at most one span. */
const SPANS = 4;
const SPAN_MS = 15_000;
/** So much at once is no queue, but another clock. */
const OTHER_CLOCK_US = 10_000_000;
/** Of each path: a smallest delay for each span, the current one first; when that began; how many there are. */
const WORDS = SPANS + 2;
const SPAN_SINCE_MS = SPANS;
const SPANS_KNOWN = SPANS + 1;

/** Words of 32 bits that the delays of so many paths take. */
export function queueingDelayWords(paths: number): number {
  return paths * WORDS;
}

/**
 * How long packets waited on their way. The sender's timestamp against the own clock gives the delay but for a constant. The
 * smallest of the last minute stands for an empty line (RFC 6817, base delay). Each path has its own.
 */
export class QueueingDelay {
  readonly #words: Int32Array;
  readonly #first: number;

  /** @param words its memory: the {@link queueingDelayWords} words from `first` on, all zero. */
  constructor(words: Int32Array, first: number) {
    this.#words = words;
    this.#first = first;
  }

  /**
   * Takes note of an arrival.
   * @param timestampUs the sender's clock, `nowUs` the own one; both are wrapping int32.
   * @returns by how many microseconds it took longer than the fastest of the last minute on this path.
   */
  note(path: PathNumber, timestampUs: Microseconds, nowMs: Milliseconds, nowUs: Microseconds): Microseconds {
    const words = this.#words;
    const at = this.#first + path * WORDS;
    const delayUs = (nowUs - timestampUs) | 0;
    if (words[at + SPANS_KNOWN] === 0 || Math.abs((delayUs - words[at]) | 0) > OTHER_CLOCK_US) {
      words[at] = delayUs;
      words[at + SPAN_SINCE_MS] = nowMs;
      words[at + SPANS_KNOWN] = 1;
      return 0;
    }
    if ((nowMs - words[at + SPAN_SINCE_MS]) >>> 0 >= SPAN_MS) {
      words.copyWithin(at + 1, at, at + SPANS - 1);
      words[at] = delayUs;
      words[at + SPAN_SINCE_MS] = nowMs;
      if (words[at + SPANS_KNOWN] < SPANS) words[at + SPANS_KNOWN]++;
    } else if (((delayUs - words[at]) | 0) < 0) words[at] = delayUs;
    let aboveUs = 0;
    for (let span = 0; span < words[at + SPANS_KNOWN]; span++) aboveUs = Math.max(aboveUs, (delayUs - words[at + span]) | 0);
    return aboveUs;
  }

  /** Forgets a path: another one has taken its number. */
  forget(path: PathNumber): void {
    this.#words[this.#first + path * WORDS + SPANS_KNOWN] = 0;
  }
}
