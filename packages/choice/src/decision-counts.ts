import { EVIDENCE_KINDS } from './decision.ts';
import type { Decision, EvidenceKind } from './decision.ts';

/** How many matches were decided by each kind of evidence. A match that was reconsidered counts where it ended. */
export type DecisionCounts = Readonly<Record<EvidenceKind, { readonly direct: number; readonly node: number }>>;

/** Counts that {@link DecisionCounter.add} raises. */
export class DecisionCounter {
  readonly #counts = new Map<EvidenceKind, { direct: number; node: number }>(EVIDENCE_KINDS.map((kind) => [kind, { direct: 0, node: 0 }]));

  /** @param by 1, or -1 to take a decision back. */
  add({ evidence }: Decision, isDirect: boolean, by: 1 | -1): void {
    const counts = this.#counts.get(evidence);
    if (counts === undefined) return;
    if (isDirect) counts.direct += by;
    else counts.node += by;
  }

  /** A copy. */
  get counts(): DecisionCounts {
    const of = (kind: EvidenceKind) => ({ direct: 0, node: 0, ...this.#counts.get(kind) });
    return { always: of('always'), matches: of('matches'), probes: of('probes'), burst: of('burst'), none: of('none') };
  }
}
