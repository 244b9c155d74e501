import { NAMELESS } from './node-names.ts';
import type { PageDecisions, PageFacts, PageFlow, PageLoss, PageVerdict, PageWay, PageWords, WayPart } from './page-state.ts';

/** Who can do something about a piece of a way. */
const WHOSE: Readonly<Record<Exclude<WayPart['kind'], 'route'>, string>> = {
  home: 'in your home',
  provider: 'on the line to your internet provider',
  node: 'at the node',
  server: 'in the game server’s network',
};
/** Shares below are told as "below 0.1 %". */
const SMALL_RATIO = 0.001;
/** Loss above this is worth a sentence. */
const WORTH_TELLING_RATIO = 0.005;

/** Says what a verdict means, to somebody who has never seen it (docs/playing.md, The live page). */
export function wordsOf(facts: Pick<PageFacts, 'verdict' | 'ways' | 'loss' | 'lossCompared' | 'decisions'>): PageWords {
  const { verdict, ways, decisions } = facts;
  return {
    headline: capitalized(headlineOf(verdict)),
    sureness: surenessOf(verdict),
    rest: [...restOf(verdict, ways), ...lossOf(facts)].join(' '),
    decided: decidedOf(decisions),
  };
}

function headlineOf({ kind, way, node = NAMELESS, gainMs = 0, pairs, neededPairs }: PageVerdict): string {
  const how = way === 'direct' ? 'directly' : `by ${nodeText(way)}`;
  switch (kind) {
    case 'unmeasured':
      return way === 'direct' ? 'directly, and nothing is measured' : `${how}: whether it helps is not measured`;
    case 'unknown':
      return `not known yet whether a node helps: ${pairs} of ${neededPairs} comparisons are made`;
    case 'direct':
      return 'direct is best, nothing is done';
    case 'would-save':
      return `directly now: ${nodeText(node)} ${gainMs > 0 ? `would save ${round(gainMs)} ms` : 'would lose fewer packets'}`;
    case 'saves':
      return `${nodeText(way)} saves ${round(gainMs)} ms`;
    case 'harms':
      return way === 'direct' ? `direct costs ${round(-gainMs)} ms` : `${nodeText(way)} costs ${round(-gainMs)} ms`;
    case 'always':
      return `${how}, because a rule of yours says so`;
  }
}

/** A node in a sentence: its name alone might be anything. */
function nodeText(name: string): string {
  return name === NAMELESS ? name : `the node ${name}`;
}

/** A way as an adverb: `directly`, or `by` its node. */
export function wayText(way: string): string {
  return way === 'direct' ? 'directly' : `by ${way}`;
}

/** What decided, and when its server was measured last. */
export function evidenceText({ evidence, evidenceAgeS }: Pick<PageFlow, 'evidence' | 'evidenceAgeS'>): string {
  if (evidence === null) return 'not measured';
  return evidenceAgeS === null ? evidence : `${evidence}; last measured ${evidenceAgeS} s ago`;
}

function surenessOf({ kind, way, because, gainMs, intervalMs, pairs }: PageVerdict): string {
  const why = kind === 'harms' ? `it was taken because ${because}` : because;
  const reason = kind === 'always' || because === '' ? '' : `${capitalized(why)}.`;
  if (gainMs === undefined || intervalMs === undefined || kind === 'unknown') return reason;
  // A loss is told as a positive figure, too.
  const isWorse = gainMs < 0;
  const [low, high] = isWorse ? [-intervalMs[1], -intervalMs[0]] : intervalMs;
  const range = rangeOf(low, high);
  const by =
    way !== 'direct'
      ? `What it really ${isWorse ? 'costs' : 'saves'} is ${range}`
      : `By the node it would be ${range} ${isWorse ? 'slower' : 'faster'}`;
  const next = kind === 'would-save' ? 'A match that runs is not moved; the next one at this server goes by the node.' : reason;
  return `${by}, 95 % sure, by ${pairs} comparisons. ${next}`.trim();
}

/** Of the way in use. */
function restOf({ way }: PageVerdict, ways: readonly PageWay[]): string[] {
  const used = ways.find((one) => one.way === way);
  if (used === undefined || used.parts.length === 0) return [];
  const totalMs = sumOf(used.parts);
  const byPlace = new Map<string, number>();
  for (const { kind, name, ms } of used.parts) {
    // Of routes there may be several, and nobody's but those networks'.
    const place = kind === 'route' ? `on the route ${name}` : WHOSE[kind];
    byPlace.set(place, (byPlace.get(place) ?? 0) + ms);
  }
  const [place, ms] = [...byPlace].sort((one, other) => other[1] - one[1])[0];
  return [`Of the ${round(totalMs)} ms that are left, most are spent ${place}: ${round(ms)} ms.`];
}

/** The comparison says most, if it has enough probes. Otherwise the line to the node speaks for itself. */
function lossOf({ loss: { up, down }, lossCompared }: Pick<PageFacts, 'loss' | 'lossCompared'>): string[] {
  const { node = '', direct = null, nodeAfter = null, note = null } = lossCompared ?? {};
  if (note === null && direct !== null && nodeAfter !== null && Math.max(direct, nodeAfter) >= WORTH_TELLING_RATIO) {
    return [
      `There and back ${shareText(direct)} of packets are lost directly, and ${shareText(nodeAfter)} by ${nodeText(node)} with protection.`,
    ];
  }
  return [...lossSentence('to the node', up), ...lossSentence('from the node', down)];
}

function lossSentence(where: string, loss: PageLoss | null): string[] {
  if (loss === null || loss.before === null || loss.before < WORTH_TELLING_RATIO) return [];
  const after = loss.after === null ? '' : `; with protection ${shareText(loss.after)}`;
  return [`Of packets ${where}, ${shareText(loss.before)} are lost${after}.`];
}

/** A share from 0 to 1 as people read it. */
export function shareText(ratio: number | null): string {
  if (ratio === null) return '-';
  if (ratio > 0 && ratio < SMALL_RATIO) return 'below 0.1 %';
  return `${(ratio * 100).toFixed(1)} %`;
}

/** Round trip of a whole way. */
export function sumOf(parts: readonly WayPart[]): number {
  return parts.reduce((sum, { ms }) => sum + ms, 0);
}

function rangeOf(low: number, high: number): string {
  const [from, to] = round(low) === round(high) ? [low.toFixed(1), high.toFixed(1)] : [round(low), round(high)];
  return `between ${from} and ${to} ms`;
}

function round(ms: number): string {
  return ms.toFixed(Math.abs(ms) < 10 && !Number.isInteger(ms) ? 1 : 0);
}

/** By what matches were decided, in one sentence; empty before the first one. */
function decidedOf(decisions: readonly PageDecisions[]): string {
  const all = decisions.reduce((sum, { direct, node }) => sum + direct + node, 0);
  if (all === 0) return '';
  const parts = decisions.map(({ by, direct, node }) => `${direct + node} by ${by} (${node} went by a node)`);
  return `Since the start ${all} ${all === 1 ? 'match was' : 'matches were'} decided: ${parts.join(', ')}.`;
}

function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
