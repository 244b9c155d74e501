import { DIRECT } from './decision.ts';
import type { Way } from './decision.ts';
import { inOrder, medianInterval, medianOf } from './order.ts';

/** What a summary needs of each match. */
export interface SummedMatch {
  readonly way: Way;
  /** See `MatchRecord.savedMs`. */
  readonly savedMs?: number | undefined;
  readonly isVetoed: boolean;
}

/** What matches say together. Each match counts once, however many pairs it has. */
export interface MatchSummary {
  readonly matches: number;
  readonly byNode: number;
  /** Those by a node that were measured: the figures below are theirs. */
  readonly proved: number;
  /** Undefined if none was measured. */
  readonly savedMs: number | undefined;
  /** Of the median match, at 95 %; undefined for fewer than six matches. */
  readonly intervalMs: readonly [low: number, high: number] | undefined;
  /** Slower than the direct way. */
  readonly harmed: number;
  readonly vetoed: number;
}

/** Sums up matches (docs/choosing.md, Several matches). */
export function summarize(matches: readonly SummedMatch[]): MatchSummary {
  const byNode = matches.filter(({ way }) => way !== DIRECT);
  const saved = inOrder(byNode.flatMap(({ savedMs }) => savedMs ?? []));
  return {
    matches: matches.length,
    byNode: byNode.length,
    proved: saved.length,
    savedMs: saved.length === 0 ? undefined : medianOf(saved),
    intervalMs: medianInterval(saved),
    harmed: saved.filter((ms) => ms < 0).length,
    vetoed: matches.filter(({ isVetoed }) => isVetoed).length,
  };
}

/** A summary as one sentence for people. A gain is only told with its interval. */
export function summaryText(summary: MatchSummary): string {
  const { matches, byNode, proved, savedMs, intervalMs, harmed } = summary;
  const direct = matches - byNode;
  const counts = `${count(matches, 'match', 'matches')}: ${byNode.toString()} by a node, ${direct.toString()} direct`;
  if (proved === 0 || savedMs === undefined) return `${counts}. No match by a node was measured.`;
  const worse = harmed === 0 ? '' : ` ${count(harmed, 'match was', 'matches were')} slower than direct.`;
  if (intervalMs === undefined) return `${counts}. ${proved.toString()} measured by a node are too few to say what is saved.${worse}`;
  const [low, high] = intervalMs;
  const verdict = high < 0 ? `${ms(-savedMs)} ms lost` : low > 0 ? `${ms(savedMs)} ms saved` : `no clear gain, ${ms(savedMs)} ms`;
  const range = high < 0 ? `${ms(-high)} to ${ms(-low)}` : `${ms(low)} to ${ms(high)}`;
  return `${counts}. By a node ${verdict} (${range} at 95 %, ${proved.toString()} matches).${worse}`;
}

function count(number: number, one: string, several: string): string {
  return `${number.toString()} ${number === 1 ? one : several}`;
}

function ms(value: number): string {
  return value.toFixed(1);
}
