import { PairSeries } from './pair-series.ts';
import type { ProbePair } from './decision.ts';
import type { Figures } from './rule.ts';

/** Pairs by one node, of the kind of probe of which there are most. */
export interface NodeFigures extends Figures {
  readonly node: string;
  readonly kind: string;
  readonly newestMs: number;
}

interface Entry {
  readonly node: string;
  readonly kind: string;
  readonly series: PairSeries;
}

/** Series of pairs, one for each node and kind of probe. With too many the one that is silent for longest gives way. */
export class SeriesSet {
  readonly #maxSeries: number;
  readonly #maxPairs: number;
  #entries: Entry[] = [];

  constructor(limits: { readonly maxSeries: number; readonly maxPairs: number }) {
    this.#maxSeries = limits.maxSeries;
    this.#maxPairs = limits.maxPairs;
  }

  get newestMs(): number {
    return Math.max(-Infinity, ...this.#entries.map(({ series }) => series.newestMs));
  }

  add({ node, kind, directMs, nodeMs, atMs }: ProbePair): void {
    let entry = this.#entries.find((one) => one.node === node && one.kind === kind);
    if (entry === undefined) {
      if (this.#entries.length === this.#maxSeries) this.#dropSilent();
      entry = { node, kind, series: new PairSeries(this.#maxPairs) };
      this.#entries.push(entry);
    }
    entry.series.add(directMs, nodeMs, atMs);
  }

  /** Forgets pairs that are older than `sinceMs`. */
  forgetBefore(sinceMs: number): void {
    for (const { series } of this.#entries) series.forgetBefore(sinceMs);
    this.#entries = this.#entries.filter(({ series }) => series.pairs > 0);
  }

  /** For each node the figures of its most frequent kind, the first of several: of all pairs, or of those since a time. */
  figures(sinceMs = -Infinity): NodeFigures[] {
    const most = new Map<string, Entry>();
    for (const entry of this.#entries) {
      if (entry.series.pairs > (most.get(entry.node)?.series.pairs ?? 0)) most.set(entry.node, entry);
    }
    return [...most.values()].map(({ node, kind, series }) => ({ node, kind, newestMs: series.newestMs, ...series.figures(sinceMs) }));
  }

  #dropSilent(): void {
    const silent = this.#entries.reduce((a, b) => (b.series.newestMs < a.series.newestMs ? b : a));
    this.#entries = this.#entries.filter((entry) => entry !== silent);
  }
}
