import { BURST_PAIRS, DIRECT, EVIDENCE_KINDS, REASON_TEXTS, judge } from '@lightspeed/choice';
import type { Decision, DecisionCounts, EvidenceKind, NodeFigures, Verdict } from '@lightspeed/choice';
import { formatEndpoint } from '@lightspeed/wire';
import type { RunningMatch } from '../evidence/evidence-ways.ts';
import type { MeasuringNode } from '../control/fleet-node.ts';
import type { HistoryMatch } from '../history/history-match.ts';
import type { PageFacts, PageFlow, PageVerdict, PageWay } from '../page/page-state.ts';

/** Of a program that speaks with more servers at once, those that it spoke with last are shown. */
const MOST_RUNNING = 24;
const WORTH_A_NODE: readonly Verdict[] = ['faster', 'less-loss'];
const KINDS: Readonly<Record<EvidenceKind, string>> = {
  always: 'rules',
  matches: 'earlier matches',
  probes: 'probes from before the match',
  burst: 'a burst of probes',
  none: 'no evidence',
};

/** What the page takes of evidence. */
export interface EvidenceSource {
  readonly ways: { latest(most: number): readonly RunningMatch[] };
  /** Matches that are over, the latest first. */
  readonly kept: readonly HistoryMatch[];
  nodes(): readonly MeasuringNode[];
  readonly counts: DecisionCounts;
}

/** The node that a match is compared with: its own, else the one that would gain most. */
export function comparedNode({ match, figures }: RunningMatch): NodeFigures | undefined {
  const measured = figures.filter(({ answered }) => answered > 0);
  return measured.find(({ node }) => node === match.decision.way) ?? measured.toSorted((a, b) => b.gainMs - a.gainMs).at(0);
}

/** What evidence says now, as the page shows it. @param way of what is not decided. */
export function evidenceFacts(source: EvidenceSource, way: string, nowMs: number): Partial<PageFacts> {
  const matches = source.ways.latest(MOST_RUNNING);
  const current = matches.at(0);
  return {
    verdict: verdictOf(current, way),
    ...(current?.match.decision.way === DIRECT && { seenAs: 'your own address, since this goes directly' }),
    ways: current === undefined ? [] : waysOf(current, source.nodes()),
    flows: matches.map((one) => flowOf(one, nowMs)),
    matrix: matrixOf(matches),
    decisions: EVIDENCE_KINDS.map((kind) => ({ by: KINDS[kind], ...source.counts[kind] })).filter(({ direct, node }) => direct + node > 0),
    matches: source.kept.map(({ startMs, game, server, port, way, gainMs, lowMs, highMs, harmMs }) => ({
      startedAtMs: startMs,
      game,
      server: `${server}:${port}`,
      way,
      gainMs,
      intervalMs: lowMs === null || highMs === null ? null : ([lowMs, highMs] as const),
      harmed: harmMs !== null && harmMs > 0,
    })),
  };
}

function verdictOf(current: RunningMatch | undefined, way: string): PageVerdict {
  if (current === undefined) return { kind: 'unknown', way, because: 'no game server is spoken to', pairs: 0, neededPairs: BURST_PAIRS };
  const { decision } = current.match;
  const compared = comparedNode(current);
  const said = { way: decision.way, because: becauseOf(decision), neededPairs: BURST_PAIRS };
  if (compared === undefined || compared.answered < BURST_PAIRS) return { kind: 'unknown', ...said, pairs: compared?.answered ?? 0 };
  if (decision.way === DIRECT) {
    const { gainMs, intervalMs, answered: pairs } = compared;
    // What rules and vetoes say holds for the next match, too.
    const isOpen = decision.evidence !== 'always' && decision.reason !== 'veto';
    const kind = isOpen && WORTH_A_NODE.includes(judge(compared)) ? 'would-save' : 'direct';
    return { kind, ...said, node: compared.node, gainMs, intervalMs, pairs };
  }
  const { gainMs, intervalMs, answered: pairs } = presentFigures(current, compared);
  return { kind: gainMs >= 0 ? 'saves' : 'harms', ...said, gainMs, intervalMs, pairs };
}

/** Ways change while a match goes on: what is shown of them is of the last minute, if that is enough to judge. */
function presentFigures({ recent }: RunningMatch, compared: NodeFigures): NodeFigures {
  return recent.find(({ node, answered }) => node === compared.node && answered >= BURST_PAIRS) ?? compared;
}

function becauseOf({ reason }: Decision): string {
  return REASON_TEXTS[reason];
}

/** The way by the node has two pieces that are known, and the direct way one. */
function waysOf(current: RunningMatch, nodes: readonly MeasuringNode[]): PageWay[] {
  const compared = comparedNode(current);
  if (compared === undefined) return [];
  const { node, directMs, nodeMs } = presentFigures(current, compared);
  const direct: PageWay = { way: DIRECT, parts: [{ kind: 'route', name: 'to the server', ms: directMs }] };
  const toMs = nodes.find(({ name }) => name === node)?.rttMs;
  if (toMs === undefined) return [direct];
  const parts = [
    { kind: 'route', name: 'to the node', ms: toMs },
    { kind: 'route', name: 'from the node to the server', ms: Math.max(0, nodeMs - toMs) },
  ] as const;
  return [direct, { way: node, parts }];
}

function flowOf({ match, figures }: RunningMatch, nowMs: number): PageFlow {
  const { server, decision } = match;
  const newestMs = Math.max(...figures.map((one) => one.newestMs));
  return {
    program: null,
    game: server.game ?? null,
    server: formatEndpoint(server.serverIp, server.serverPort),
    region: null,
    way: decision.way,
    reason: becauseOf(decision),
    evidence: decision.evidence,
    evidenceAgeS: Number.isFinite(newestMs) ? Math.round((nowMs - newestMs) / 1_000) : null,
    packetsUp: null,
    packetsDown: null,
  };
}

function matrixOf(matches: readonly RunningMatch[]): PageFacts['matrix'] {
  const measured = matches.filter(({ figures }) => figures.some(({ answered }) => answered > 0));
  if (measured.length === 0) return null;
  const names = [...new Set(measured.flatMap(({ figures }) => figures.map(({ node }) => node)))];
  const answeredBy = (figures: readonly NodeFigures[], node: string) => figures.find((one) => one.node === node && one.answered > 0);
  return {
    servers: measured.map(({ match: { server } }) => formatEndpoint(server.serverIp, server.serverPort)),
    rows: [
      { way: DIRECT, medianMs: measured.map(({ figures }) => figures.find(({ answered }) => answered > 0)?.directMs ?? null) },
      ...names.map((way) => ({ way, medianMs: measured.map(({ figures }) => answeredBy(figures, way)?.nodeMs ?? null) })),
    ],
  };
}
