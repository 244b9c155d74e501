import { MAX_CREDIBLE_LOSS_SHARE, MIN_LOSS_PAIRS, MIN_LOSS_SHARE } from './rule.ts';

/** Shadow probes of a match: so many pairs a second by each node that is measured. */
export const SHADOW_PAIRS_PER_SECOND = 1;
/** While the direct way seems to lose: {@link MIN_LOSS_PAIRS} pairs take 60 s. */
export const SERIES_PAIRS_PER_SECOND = 10;
/** So many direct probes lost within {@link SUSPICION_MS}, whose pairs the node answered, begin a series. */
const SUSPICIOUS_LOSSES = 2;
const SUSPICION_MS = 60_000;
/** With so many pairs a series ends early, if the direct way loses less than half of what the rule asks for. */
const MIN_SERIES_PAIRS = 200;
/** From the beginning of a series to that of the next. */
const SERIES_PAUSE_MS = 600_000;
/** A series ends then in any case. */
const MAX_SERIES_MS = 90_000;

/**
 * How fast shadow probes follow each other (docs/choosing.md, Loss). Where nothing is lost they are two probes a second, one by
 * each way. Only where the direct way loses, a series gathers what the rule for loss asks for.
 */
export class ShadowPace {
  #losses: number[] = [];
  #seriesMs = -Infinity;
  #inSeries = false;
  #seriesPairs = 0;
  #seriesLost = 0;

  /** Takes what became of a pair. */
  add(directLost: boolean, nodeLost: boolean, atMs: number): void {
    if (this.#inSeries) this.#count(directLost);
    if (!directLost || nodeLost) return;
    this.#losses = [...this.#losses, atMs].filter((lostMs) => lostMs > atMs - SUSPICION_MS).slice(-SUSPICIOUS_LOSSES);
    if (this.#losses.length < SUSPICIOUS_LOSSES || atMs < this.#seriesMs + SERIES_PAUSE_MS) return;
    this.#inSeries = true;
    this.#seriesMs = atMs;
    this.#seriesPairs = 0;
    this.#seriesLost = 0;
  }

  pairsPerSecond(nowMs: number): number {
    if (nowMs >= this.#seriesMs + MAX_SERIES_MS) this.#inSeries = false;
    return this.#inSeries ? SERIES_PAIRS_PER_SECOND : SHADOW_PAIRS_PER_SECOND;
  }

  #count(directLost: boolean): void {
    this.#seriesPairs++;
    if (directLost) this.#seriesLost++;
    const lossShare = this.#seriesLost / this.#seriesPairs;
    const isVain = lossShare < MIN_LOSS_SHARE / 2 || lossShare > MAX_CREDIBLE_LOSS_SHARE;
    if ((isVain && this.#seriesPairs >= MIN_SERIES_PAIRS) || this.#seriesPairs >= MIN_LOSS_PAIRS) this.#inSeries = false;
  }
}
