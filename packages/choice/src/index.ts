/**
 * Direct or by a relay node: which way a game server's flows go, by measured evidence (docs/choosing.md, The rule).
 * {@link WayChooser} decides, watches matches, and proves what they gained. There is no I/O and no clock: times and measurements
 * are parameters.
 *
 * @module
 */
export { ChoiceError } from './choice-error.ts';
export type { ChoiceErrorCode } from './choice-error.ts';
export type { ChooserState, ImportResult } from './chooser-state.ts';
export type { DecisionCounts } from './decision-counts.ts';
export { BURST_MS, BURST_PAIRS, DIRECT, EVIDENCE_KINDS, NEVER_REASONS, REASON_TEXTS } from './decision.ts';
export type { Decision, EvidenceKind, GameServer, NeverReason, ProbePair, Reason, Way } from './decision.ts';
export { MAX_EVIDENCE_AGE_MS } from './evidence-book.ts';
export { ANY_NODE } from './fixed-rules.ts';
export type { AlwaysRule, NeverRule } from './fixed-rules.ts';
export { MATCH_MEMORY_MS } from './match-memory.ts';
export type { RememberedMatch } from './match-memory.ts';
export type { MatchRecord } from './match-record.ts';
export { summarize, summaryText } from './match-summary.ts';
export type { MatchSummary, SummedMatch } from './match-summary.ts';
export { INTERVAL_CONFIDENCE, medianInterval } from './order.ts';
export { evidencePrefix } from './prefixes.ts';
export { figuresOf, judge } from './rule.ts';
export type { Figures, Verdict } from './rule.ts';
export type { OpenMatch } from './running-match.ts';
export type { NodeFigures } from './series-set.ts';
export { VETO_MS } from './veto-book.ts';
export type { Veto, VetoBook } from './veto-book.ts';
export { WayChooser } from './way-chooser.ts';
export type { ChooserOptions } from './way-chooser.ts';
