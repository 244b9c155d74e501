import { figuresOf, judge } from '@lightspeed/choice';
import type { Verdict as RuleVerdict } from '@lightspeed/choice';
import type { Pair } from './pair-prober.ts';

/** One way to a game server, summed up. Milliseconds; undefined where nothing was answered. */
export interface WaySummary {
  readonly sent: number;
  readonly answered: number;
  /** Of those sent, 0 to 1. */
  readonly lossRatio: number;
  readonly p10Ms: number | undefined;
  readonly medianMs: number | undefined;
  readonly p90Ms: number | undefined;
}

/** What a comparison comes to. */
type Verdict = 'node' | 'direct' | 'unknown';

/** Both ways compared. */
export interface PairSummary {
  readonly direct: WaySummary;
  /** The whole way: to the node, and from there to the server. */
  readonly byNode: WaySummary;
  /** By how much the way by the node is shorter; below 0 it is longer. */
  readonly gainMs: number | undefined;
  readonly verdict: Verdict;
  /** Why, in words. */
  readonly why: string;
}

/** Sums round trips of one way up. Percentiles are by nearest rank. */
export function summarizeWay(roundTripsMs: readonly (number | undefined)[]): WaySummary {
  const sorted = roundTripsMs.filter((ms) => ms !== undefined).toSorted((a, b) => a - b);
  const rank = (fraction: number) => sorted.at(Math.max(0, Math.ceil(fraction * sorted.length) - 1));
  const sent = roundTripsMs.length;
  const lossRatio = sent === 0 ? 0 : (sent - sorted.length) / sent;
  return { sent, answered: sorted.length, lossRatio, p10Ms: rank(0.1), medianMs: rank(0.5), p90Ms: rank(0.9) };
}

/** What the rule says of a node (docs/choosing.md, The rule), as advice. */
const ADVICE: Readonly<Record<RuleVerdict, readonly [verdict: Verdict, why: string]>> = {
  faster: ['node', 'the node is surely better, and no less steady'],
  'less-loss': ['node', 'the node loses less'],
  slower: ['direct', 'the node is slower'],
  'more-loss': ['direct', 'the node loses more'],
  alike: ['direct', 'the node is not surely better, or less steady'],
  unknown: ['unknown', 'it takes 10 answers of each end to judge'],
};

/** Compares both ways of pairs of one kind by one node. They belong together if they were measured one after another. */
export function summarizePairs(pairs: readonly Pair[]): PairSummary {
  const directMs = pairs.flatMap((pair) => pair.directMs);
  const byNodeMs = pairs.flatMap(({ nodeMs, toNodeMs }) =>
    nodeMs.map((ms) => (ms === undefined || toNodeMs === undefined ? undefined : ms + toNodeMs)),
  );
  const direct = summarizeWay(directMs);
  const byNode = summarizeWay(byNodeMs);
  const gainMs = direct.medianMs === undefined || byNode.medianMs === undefined ? undefined : direct.medianMs - byNode.medianMs;
  const obstacle = obstacleOf(pairs, gainMs, byNode.sent);
  if (obstacle !== undefined) return { direct, byNode, gainMs, verdict: 'unknown', why: obstacle };
  const answers = (list: readonly (number | undefined)[]) =>
    list.slice(0, Math.min(directMs.length, byNodeMs.length)).map((ms) => ms ?? NaN);
  const [verdict, why] = ADVICE[judge(figuresOf(answers(directMs), answers(byNodeMs)))];
  return { direct, byNode, gainMs, verdict, why };
}

/** Why the ways cannot be compared. */
function obstacleOf(pairs: readonly Pair[], gainMs: number | undefined, sentByNode: number): string | undefined {
  const refusal = pairs.find((pair) => pair.refusal !== undefined)?.refusal;
  if (refusal !== undefined && sentByNode === 0) return `the node has measured nothing: ${refusal.replaceAll('_', ' ')}`;
  if (gainMs === undefined) return 'the server does not answer both ends';
  const areApart = pairs.some(({ comparable }) => comparable === 'apart');
  return areApart ? 'both ends measure another last router, so they cannot be compared' : undefined;
}
