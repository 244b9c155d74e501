import { evidencePrefix } from './prefixes.ts';
import { SeriesSet } from './series-set.ts';
import type { NodeFigures } from './series-set.ts';
import type { ProbePair } from './decision.ts';

/** Older pairs say nothing of a route as it is. */
export const MAX_EVIDENCE_AGE_MS = 600_000;
/** With more prefixes the one that is silent for longest is forgotten. */
export const MAX_PREFIXES = 128;
/** Nodes times kinds of probes, of one prefix. */
const MAX_SERIES = 8;
/** Of one kind by one node: enough for loss, and for ten minutes of shadow probes. */
const MAX_PAIRS = 720;

/** What pairs of probes say of each /24, for ten minutes. It takes at most 12 MB (docs/choosing.md, Memory). */
export class EvidenceBook {
  /** By prefix, in the order of their newest pairs. */
  readonly #prefixes = new Map<string, SeriesSet>();

  get prefixCount(): number {
    return this.#prefixes.size;
  }

  add(pair: ProbePair): void {
    const prefix = evidencePrefix(pair.serverIp);
    const set = this.#prefixes.get(prefix) ?? new SeriesSet({ maxSeries: MAX_SERIES, maxPairs: MAX_PAIRS });
    set.add(pair);
    this.#prefixes.delete(prefix);
    this.#prefixes.set(prefix, set);
    if (this.#prefixes.size <= MAX_PREFIXES) return;
    for (const silent of this.#prefixes.keys()) {
      this.#prefixes.delete(silent);
      return;
    }
  }

  /** The figures of each node for the server's /24, of pairs that are recent enough: at most ten minutes old. */
  figuresFor(serverIp: number, nowMs: number, maxAgeMs = MAX_EVIDENCE_AGE_MS): NodeFigures[] {
    const prefix = evidencePrefix(serverIp);
    const set = this.#prefixes.get(prefix);
    if (set === undefined) return [];
    set.forgetBefore(nowMs - MAX_EVIDENCE_AGE_MS);
    if (set.newestMs === -Infinity) this.#prefixes.delete(prefix);
    return set.figures(nowMs - maxAgeMs);
  }
}
