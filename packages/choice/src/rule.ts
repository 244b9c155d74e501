import { boundIndex, inOrder, medianInterval, medianOf } from './order.ts';

/*
 * The rule: when is a node better than the direct way (docs/choosing.md, The rule). It judges pairs of probes of one kind.
 */

/** Fewer answered pairs say nothing of latency. */
export const MIN_PAIRS = 10;
/** A node has to be better by so much, or by {@link MIN_GAIN_SHARE} of the direct way if that is more. */
const MIN_GAIN_MS = 5;
/** Of the direct way's median. */
const MIN_GAIN_SHARE = 0.1;
/** The lower bound of the median gain, see {@link SURE_RISK}, is at least this: of ten pairs eight are better by it. */
const MIN_SURE_GAIN_MS = 2;
/** The bound is wrong so often at most. Of ten pairs two may lie below it: 56 of 1,024. */
const SURE_RISK = 0.055;
/** The share of the slowest answers in which a node must not be worse. */
const SLOW_SHARE = 0.1;
/** With fewer pairs one spike more is forgiven: two of ten are chance. */
const MIN_PAIRS_FOR_P90 = 30;

/** Fewer pairs say nothing of loss: of 200 pairs 12 % of equal ways are misjudged, of 600 1.5 %. */
export const MIN_LOSS_PAIRS = 600;
/** The direct way loses at least this. */
export const MIN_LOSS_SHARE = 0.03;
/** The node loses so much less, as a difference of shares. */
const MIN_LOSS_GAIN_SHARE = 0.02;
/** The node loses at most this part of what the direct way loses. */
const MAX_LOSS_PART = 0.5;
/** For less loss a node may be slower by so much. */
const MAX_LOSS_COST_MS = 10;
/** A way that loses more is filtered, for probes at least: its loss says nothing. */
export const MAX_CREDIBLE_LOSS_SHARE = 0.5;

/** What pairs of one kind say. A gain is direct less node: above 0 the node is faster. */
export interface Figures {
  /** All pairs, those with losses too. */
  readonly pairs: number;
  /** Pairs in which both ways were answered. The figures below are of these, and NaN without any. */
  readonly answered: number;
  readonly directMs: number;
  readonly nodeMs: number;
  /** The median of the pairs' differences. */
  readonly gainMs: number;
  /** At 95 %; undefined with fewer than six answered pairs. */
  readonly intervalMs: readonly [low: number, high: number] | undefined;
  /** The slowest tenth begins so much later on the direct way. */
  readonly p90GainMs: number;
  /** One-sided, see {@link SURE_RISK}. */
  readonly sureGainMs: number;
  /** The same bound for a loss: the gain is at most this. */
  readonly sureMostMs: number;
  readonly directLossShare: number;
  readonly nodeLossShare: number;
}

/** What the rule says of a node: `unknown` with too few pairs, `alike` if neither way is clearly better. */
export type Verdict = 'faster' | 'less-loss' | 'slower' | 'more-loss' | 'alike' | 'unknown';

/**
 * Takes the figures of pairs.
 * @param directMs round trips by the direct way, in milliseconds; NaN is a lost one.
 * @param nodeMs those of the same pairs by the node, in the same order.
 */
export function figuresOf(directMs: ArrayLike<number>, nodeMs: ArrayLike<number>): Figures {
  const pairs = directMs.length;
  const direct: number[] = [];
  const node: number[] = [];
  let directLost = 0;
  let nodeLost = 0;
  for (let i = 0; i < pairs; i++) {
    if (Number.isNaN(directMs[i])) directLost++;
    if (Number.isNaN(nodeMs[i])) nodeLost++;
    if (Number.isNaN(directMs[i]) || Number.isNaN(nodeMs[i])) continue;
    direct.push(directMs[i]);
    node.push(nodeMs[i]);
  }
  const [sortedDirect, sortedNode] = [inOrder(direct), inOrder(node)];
  const gains = inOrder(direct.map((ms, i) => ms - node[i]));
  const answered = gains.length;
  const bound = boundIndex(answered, SURE_RISK);
  return {
    pairs,
    answered,
    directMs: medianOf(sortedDirect),
    nodeMs: medianOf(sortedNode),
    gainMs: medianOf(gains),
    intervalMs: medianInterval(gains),
    p90GainMs: p90Of(sortedDirect) - p90Of(sortedNode),
    sureGainMs: bound < 0 ? NaN : gains[bound],
    sureMostMs: bound < 0 ? NaN : gains[answered - 1 - bound],
    directLossShare: pairs === 0 ? 0 : directLost / pairs,
    nodeLossShare: pairs === 0 ? 0 : nodeLost / pairs,
  };
}

function p90Of(sorted: ArrayLike<number>): number {
  const forgiven = sorted.length < MIN_PAIRS_FOR_P90 ? 1 : 0;
  const index = Math.ceil((1 - SLOW_SHARE) * sorted.length) - 1 - forgiven;
  return sorted[Math.max(0, index)];
}

/** Latency by which a node has to be better than a direct way with this median. */
export function marginMs(directMs: number): number {
  return Math.max(MIN_GAIN_MS, MIN_GAIN_SHARE * directMs);
}

/** What the rule says of a node, given the figures of one kind of probe. */
export function judge(figures: Figures): Verdict {
  const { pairs, answered, directMs, gainMs, p90GainMs, sureGainMs, sureMostMs, directLossShare, nodeLossShare } = figures;
  if (answered < MIN_PAIRS) return 'unknown';
  const margin = marginMs(directMs);
  if (gainMs >= margin && sureGainMs >= MIN_SURE_GAIN_MS && p90GainMs >= 0) return 'faster';
  if (gainMs <= -margin && sureMostMs <= -MIN_SURE_GAIN_MS) return 'slower';
  if (pairs >= MIN_LOSS_PAIRS) {
    if (losesLess(directLossShare, nodeLossShare) && gainMs >= -MAX_LOSS_COST_MS) return 'less-loss';
    if (losesLess(nodeLossShare, directLossShare)) return 'more-loss';
  }
  return 'alike';
}

/** Whether the second way loses clearly less than the first, by enough pairs. */
function losesLess(share: number, other: number): boolean {
  if (share < MIN_LOSS_SHARE || share > MAX_CREDIBLE_LOSS_SHARE) return false;
  return share - other >= MIN_LOSS_GAIN_SHARE && other <= share * MAX_LOSS_PART;
}
