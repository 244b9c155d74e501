import { DIRECT } from './decision.ts';
import type { Decision, EvidenceKind, Reason } from './decision.ts';
import type { MatchesSay } from './match-memory.ts';
import { MIN_PAIRS, judge, marginMs } from './rule.ts';
import type { NodeFigures } from './series-set.ts';

/** All that is known of a server's /24 and of earlier matches, for nodes that may be used. */
export interface Known {
  /** Those that may be used; none means that there is only the direct way. */
  readonly nodes: readonly string[];
  readonly figures: readonly NodeFigures[];
  readonly matches: readonly MatchesSay[];
}

/** A direct way without evidence behind it. */
export function directBecause(reason: Reason, wantsBurst = false): Decision {
  return { way: DIRECT, reason, evidence: 'none', pairs: 0, wantsBurst };
}

/**
 * Decides by evidence, in its order: own matches, then probes of this /24 from before (docs/choosing.md, Which evidence comes
 * first). Matches at a provider give way to at least ten pairs of this very /24 that speak against them.
 */
export function weigh({ nodes, figures, matches }: Known, nowMs: number): Decision {
  if (nodes.length === 0) return directBecause('no-node');
  const faster = matches.filter(({ says }) => says === 'faster');
  const contradicted = faster.filter(({ node }) => figures.some((one) => one.node === node && speaksAgainst(one)));
  const byMatches = bestOf(faster.filter((say) => !contradicted.includes(say)));
  if (byMatches !== undefined) return { ...ofMatches(byMatches, nowMs), way: byMatches.node, reason: 'matches-faster', wantsBurst: true };
  const known = figures.filter(({ answered }) => answered >= MIN_PAIRS);
  const best = bestNode(known);
  if (best !== undefined) return ofProbes(best.figures, best.reason, 'probes', best.figures.node, nowMs);
  const slower = matches.filter(({ says }) => says === 'slower');
  const unknown = nodes.filter((node) => ![...known, ...slower].some((one) => one.node === node));
  const least = bestOf(known);
  const wantsBurst = unknown.length > 0;
  if (least !== undefined) {
    const reason = contradicted.length > 0 ? 'contradicted' : 'not-better';
    return { ...ofProbes(least, reason, 'probes', DIRECT, nowMs), wantsBurst };
  }
  const leastSlow = bestOf(slower);
  if (leastSlow === undefined || wantsBurst) return directBecause('no-evidence', true);
  return { ...ofMatches(leastSlow, nowMs), way: DIRECT, reason: 'matches-slower', wantsBurst: false };
}

/**
 * Decides again by a match's own first pairs. Who goes by a node on the word of earlier matches stays there, unless the burst
 * speaks against it.
 * @returns undefined if the burst says nothing.
 */
export function weighBurst(before: Decision, figures: readonly NodeFigures[], nowMs: number): Decision | undefined {
  const known = figures.filter(({ answered }) => answered >= MIN_PAIRS);
  const own = known.find(({ node }) => node === before.way);
  if (before.way !== DIRECT && (own === undefined || !speaksAgainst(own))) return undefined;
  const best = bestNode(known);
  if (best !== undefined) return ofProbes(best.figures, best.reason, 'burst', best.figures.node, nowMs);
  const least = own ?? bestOf(known);
  if (least === undefined) return undefined;
  return ofProbes(least, own === undefined ? 'not-better' : 'contradicted', 'burst', DIRECT, nowMs);
}

/** The node with the largest gain of those that have figures: for rules that ask for any node. */
export function bestKnownNode(figures: readonly NodeFigures[]): string | undefined {
  return bestOf(figures.filter(({ answered }) => answered >= MIN_PAIRS))?.node;
}

/** Earlier matches promised the whole margin. Of a true gain like that, half of it is always seen. */
function speaksAgainst({ answered, gainMs, directMs }: NodeFigures): boolean {
  return answered >= MIN_PAIRS && gainMs < marginMs(directMs) / 2;
}

/** The fastest of those that are faster by the rule, else the one of those with less loss that loses least. */
function bestNode(known: readonly NodeFigures[]): { readonly figures: NodeFigures; readonly reason: Reason } | undefined {
  const fastest = bestOf(known.filter((one) => judge(one) === 'faster'));
  if (fastest !== undefined) return { figures: fastest, reason: 'faster' };
  const safer = known.filter((one) => judge(one) === 'less-loss');
  if (safer.length === 0) return undefined;
  return { figures: safer.reduce((a, b) => (b.nodeLossShare < a.nodeLossShare ? b : a)), reason: 'less-loss' };
}

function bestOf<Gain extends { readonly gainMs: number }>(gains: readonly Gain[]): Gain | undefined {
  return gains.length === 0 ? undefined : gains.reduce((a, b) => (b.gainMs > a.gainMs ? b : a));
}

function ofMatches(
  { node, gainMs, matches, newestMs }: MatchesSay,
  nowMs: number,
): Pick<Decision, 'evidence' | 'pairs'> & Partial<Decision> {
  return { evidence: 'matches', node, gainMs, pairs: matches, ageMs: nowMs - newestMs };
}

function ofProbes(figures: NodeFigures, reason: Reason, evidence: EvidenceKind, way: string, nowMs: number): Decision {
  const { node, gainMs, intervalMs, pairs, newestMs } = figures;
  return { way, reason, evidence, node, gainMs, intervalMs, pairs, ageMs: nowMs - newestMs, wantsBurst: false };
}
