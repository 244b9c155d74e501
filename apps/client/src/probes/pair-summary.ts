import type { Pair } from './pair-prober.ts';

/** So many answered probes of each end it takes to say anything. */
const MIN_PROBES_TO_JUDGE = 10;
/** A gain that is worth a way by a node: so many milliseconds, and so much of the direct way. */
const WORTH_MS = 5;
const WORTH_SHARE = 0.1;

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

/** Sums round trips of one way up. Percentiles are by nearest rank. @param addedMs what each takes besides */
export function summarizeWay(roundTripsMs: readonly (number | undefined)[], addedMs = 0): WaySummary {
  const sorted = roundTripsMs.filter((ms) => ms !== undefined).toSorted((a, b) => a - b);
  const rank = (fraction: number) => {
    const ms = sorted.at(Math.max(0, Math.ceil(fraction * sorted.length) - 1));
    return ms === undefined ? undefined : ms + addedMs;
  };
  const sent = roundTripsMs.length;
  const lossRatio = sent === 0 ? 0 : (sent - sorted.length) / sent;
  return { sent, answered: sorted.length, lossRatio, p10Ms: rank(0.1), medianMs: rank(0.5), p90Ms: rank(0.9) };
}

/** Compares both ways of pairs of one kind by one node. They belong together if they were measured one after another. */
export function summarizePairs(pairs: readonly Pair[]): PairSummary {
  const direct = summarizeWay(pairs.flatMap(({ directMs }) => directMs));
  const whole = pairs.flatMap(({ nodeMs, toNodeMs }) =>
    nodeMs.map((ms) => (ms === undefined || toNodeMs === undefined ? undefined : ms + toNodeMs)),
  );
  const byNode = summarizeWay(whole);
  const gainMs = direct.medianMs === undefined || byNode.medianMs === undefined ? undefined : direct.medianMs - byNode.medianMs;
  return { direct, byNode, gainMs, ...judge(pairs, direct, byNode) };
}

function judge(pairs: readonly Pair[], direct: WaySummary, byNode: WaySummary): Pick<PairSummary, 'verdict' | 'why'> {
  const unknown = (why: string) => ({ verdict: 'unknown', why }) as const;
  const refusal = pairs.find((pair) => pair.refusal !== undefined)?.refusal;
  if (refusal !== undefined && byNode.sent === 0) return unknown(`the node has measured nothing: ${refusal.replaceAll('_', ' ')}`);
  if (direct.medianMs === undefined || byNode.medianMs === undefined) return unknown('the server does not answer both ends');
  if (pairs.some(({ comparable }) => comparable === 'apart')) {
    return unknown('both ends measure another last router, so they cannot be compared');
  }
  if (Math.min(direct.answered, byNode.answered) < MIN_PROBES_TO_JUDGE) {
    return unknown(`it takes ${MIN_PROBES_TO_JUDGE} answers of each end to judge`);
  }
  const gainMs = direct.medianMs - byNode.medianMs;
  if (gainMs < Math.max(WORTH_MS, WORTH_SHARE * direct.medianMs)) {
    return { verdict: 'direct', why: gainMs > 0 ? 'the node is better by too little' : 'the node is not better' };
  }
  if ((byNode.p90Ms ?? 0) > (direct.p90Ms ?? 0)) return { verdict: 'direct', why: 'the node is better, but less steady' };
  return { verdict: 'node', why: 'the node is better, and no less steady' };
}
