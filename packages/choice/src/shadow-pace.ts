import { MAX_CREDIBLE_LOSS_SHARE, MIN_LOSS_PAIRS, MIN_LOSS_SHARE } from './rule.ts';

/** While the direct way seems to lose: {@link MIN_LOSS_PAIRS} pairs take 60 s. */
const SERIES_PAIRS_PER_SECOND = 10;
/** A match that goes by a node has one pair a second by that node. In one second of so many another node has one as well. */
const OTHERS_EVERY_SECONDS = 5;
/** So many direct probes lost within {@link SUSPICION_MS}, whose pairs the node answered, begin a series. */
const SUSPICIOUS_LOSSES = 2;
const SUSPICION_MS = 60_000;
/** With so many pairs a series ends early, if the direct way loses less than half of what the rule asks for. */
const MIN_SERIES_PAIRS = 200;
/** From the beginning of a series to that of the next. */
const SERIES_PAUSE_MS = 600_000;
/** A series ends then in any case. */
const MAX_SERIES_MS = 90_000;

interface SeriesCount {
  pairs: number;
  directLost: number;
}

/**
 * How fast the shadow probes of a match follow each other (docs/choosing.md, Loss). Where nothing is lost they are two probes a
 * second, one by each way: nodes take turns. Only where the direct way loses, a series gathers what the rule for loss asks for, by
 * all nodes.
 */
export class ShadowPace {
  #losses: number[] = [];
  #seriesMs = -Infinity;
  readonly #series = new Map<string, SeriesCount>();

  /** Takes what became of a pair by a node. */
  add(node: string, directLost: boolean, nodeLost: boolean, atMs: number): void {
    if (this.#isSeries(node, atMs)) this.#count(node, directLost);
    if (!directLost || nodeLost) return;
    this.#losses = [...this.#losses, atMs].filter((lostMs) => lostMs > atMs - SUSPICION_MS).slice(-SUSPICIOUS_LOSSES);
    if (this.#losses.length < SUSPICIOUS_LOSSES || atMs < this.#seriesMs + SERIES_PAUSE_MS) return;
    this.#series.clear();
    this.#seriesMs = atMs;
  }

  /**
   * How many pairs a node gets in this second.
   * @param nodes all that may be measured, `node` among them.
   * @param way how the match goes: a node that is one of `nodes`, or any other text for the direct way.
   */
  pairs(node: string, nodes: readonly string[], way: string, nowMs: number): number {
    if (this.#isSeries(node, nowMs)) return SERIES_PAIRS_PER_SECOND;
    const second = Math.floor(nowMs / 1_000);
    if (!nodes.includes(way)) return nodes[second % nodes.length] === node ? 1 : 0;
    if (node === way) return 1;
    const others = nodes.filter((other) => other !== way);
    const isTurn = second % OTHERS_EVERY_SECONDS === 0 && others[(second / OTHERS_EVERY_SECONDS) % others.length] === node;
    return isTurn ? 1 : 0;
  }

  #isSeries(node: string, nowMs: number): boolean {
    if (nowMs >= this.#seriesMs + MAX_SERIES_MS) return false;
    const { pairs, directLost } = this.#series.get(node) ?? { pairs: 0, directLost: 0 };
    const lossShare = directLost / pairs;
    const isVain = pairs >= MIN_SERIES_PAIRS && (lossShare < MIN_LOSS_SHARE / 2 || lossShare > MAX_CREDIBLE_LOSS_SHARE);
    return !isVain && pairs < MIN_LOSS_PAIRS;
  }

  #count(node: string, directLost: boolean): void {
    const count = this.#series.get(node) ?? { pairs: 0, directLost: 0 };
    count.pairs++;
    if (directLost) count.directLost++;
    this.#series.set(node, count);
  }
}
