import type { PageDecisions, PageFacts, PageLoss, PageVerdict, PageWay, PageWords, WayPart } from './page-state.ts';

/** Who can do something about a piece of a way. */
const WHOSE: Readonly<Record<Exclude<WayPart['kind'], 'route'>, string>> = {
  home: 'in your home',
  provider: 'at your internet provider',
  node: 'at the node',
  server: 'at the game server',
};
/** Shares below are told as "below 0.1 %". */
const SMALL_RATIO = 0.001;
/** Loss above this is worth a sentence. */
const WORTH_TELLING_RATIO = 0.005;

/** Says what a verdict means, to somebody who has never seen it (docs/playing.md, The live page). */
export function wordsOf({ verdict, ways, loss, decisions }: Pick<PageFacts, 'verdict' | 'ways' | 'loss' | 'decisions'>): PageWords {
  return {
    headline: headlineOf(verdict),
    sureness: surenessOf(verdict),
    rest: [...restOf(verdict, ways), ...lossOf(loss)].join(' '),
    decided: decidedOf(decisions),
  };
}

function headlineOf(verdict: PageVerdict): string {
  const { kind, way, node = 'the node', gainMs = 0, pairs, neededPairs } = verdict;
  const by = way === 'direct' ? 'Direct' : `By ${way}`;
  switch (kind) {
    case 'unmeasured':
      return `${by}: whether it helps is not measured`;
    case 'unknown':
      return `Not known yet: ${pairs} of ${neededPairs} comparisons`;
    case 'direct':
      return 'Direct is best, nothing is done';
    case 'would-save':
      return gainMs > 0 ? `Direct now: ${node} would save ${round(gainMs)} ms` : `Direct now: ${node} would lose fewer packets`;
    case 'saves':
      return `By ${way}: ${round(gainMs)} ms saved`;
    case 'harms':
      return `${by}: ${round(Math.abs(gainMs))} ms lost`;
    case 'always':
      return `${by}, because a rule of yours says so`;
  }
}

function surenessOf({ kind, way, because, gainMs, intervalMs, pairs }: PageVerdict): string {
  const reason = kind === 'always' || because === '' ? '' : `${because[0].toUpperCase()}${because.slice(1)}.`;
  if (gainMs === undefined || intervalMs === undefined || kind === 'unknown') return reason;
  // A loss is told as a positive figure, too.
  const isWorse = gainMs < 0;
  const [low, high] = isWorse ? [-intervalMs[1], -intervalMs[0]] : intervalMs;
  const range = rangeOf(low, high);
  const by = way !== 'direct' ? `It is ${range}` : `The node’s way would be ${range} ${isWorse ? 'slower' : 'faster'}`;
  const next = kind === 'would-save' ? 'A match that runs stays on its way; the next one here goes by the node.' : reason;
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
  return [`Of the ${round(totalMs)} ms that are left, most are ${place}: ${round(ms)} ms.`];
}

function lossOf({ up, down }: PageFacts['loss']): string[] {
  return [...lossSentence('to the server', up), ...lossSentence('to you', down)];
}

function lossSentence(where: string, loss: PageLoss | null): string[] {
  if (loss === null || loss.before === null || loss.before < WORTH_TELLING_RATIO) return [];
  const after = loss.after === null ? '' : `; protection leaves ${shareText(loss.after)}`;
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
  const parts = decisions.map(({ by, direct, node }) => `${direct + node} by ${by} (${node} for a node)`);
  return `${all} decided: ${parts.join(', ')}`;
}
