import { BURST_PAIRS, DIRECT, EVIDENCE_KINDS, REASON_TEXTS, judge } from '@lightspeed/choice';
import type { Decision, DecisionCounts, EvidenceKind, NodeFigures, OpenMatch, Verdict } from '@lightspeed/choice';
import { formatEndpoint } from '@lightspeed/wire';
import type { RunningMatch } from '../evidence/evidence-ways.ts';
import type { MeasuringNode } from '../control/fleet-node.ts';
import { compareLoss } from '../page/loss-comparison.ts';
import type { NodeNames } from '../page/node-names.ts';
import type { HistoryMatch } from '../history/history-match.ts';
import type { PageFacts, PageFlow, PageVerdict } from '../page/page-state.ts';
import { piecesOf } from '../page/way-pieces.ts';
import type { KnownRouters } from '../probes/router-watch.ts';

/** Of a program that speaks with more servers at once, those that it spoke with last are shown. */
const MOST_RUNNING = 24;
const WORTH_A_NODE: readonly Verdict[] = ['faster', 'less-loss'];
const RULE = 'a rule of yours';
/** Of `play`, where nothing is decided. */
const BY_COMMAND = { reason: 'lightspeed play sends everything by the node', evidence: 'the command' } as const;
/** A server that has answered no probe by then is silent. */
const SILENT_MS = 30_000;
const KINDS: Readonly<Record<EvidenceKind, string>> = {
  always: RULE,
  matches: 'your earlier matches',
  probes: 'measurements before the match',
  burst: 'measurements at its start',
  none: 'default, without measurements',
};

/** What the page takes of evidence. */
export interface EvidenceSource {
  /** Whether flows go as evidence says. Otherwise the command sends everything by the node. */
  readonly isDecided: boolean;
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

/** What else the page knows that evidence is told with. */
export interface PageContext {
  /** Of what is not decided. */
  readonly way: string;
  readonly names: NodeNames;
  /** The place of a node, if it tells one. */
  regionOf(way: string): string | null;
  readonly loss: PageFacts['loss'];
  /** The routers on the way to the server of a match. */
  routersTo(server: OpenMatch['server']): KnownRouters | undefined;
}

/** What evidence says now, as the page shows it. */
export function evidenceFacts(source: EvidenceSource, context: PageContext, nowMs: number): Partial<PageFacts> {
  const { names } = context;
  const matches = source.ways.latest(MOST_RUNNING);
  const current = matches.at(0);
  const compared = current && comparedNode(current);
  return {
    verdict: namedVerdict(verdictOf(current, context.way, source.isDecided, nowMs), names),
    ...waysOf(current, source.nodes(), context),
    lossCompared: compared === undefined ? null : compareLoss({ ...compared, node: names.of(compared.node) }, context.loss),
    flows: matches.map((one) => ({ ...flowOf(one, context, nowMs), ...(!source.isDecided && BY_COMMAND) })),
    matrix: matrixOf(matches, names),
    decisions: (source.isDecided ? EVIDENCE_KINDS : [])
      .map((kind) => ({ by: KINDS[kind], ...source.counts[kind] }))
      .filter(({ direct, node }) => direct + node > 0),
    matches: source.kept.map(({ startMs, game, server, port, way, gainMs, lowMs, highMs, harmMs }) => ({
      startedAtMs: startMs,
      game,
      server: `${server}:${port}`,
      way: names.of(way),
      gainMs,
      intervalMs: lowMs === null || highMs === null ? null : ([lowMs, highMs] as const),
      harmed: harmMs !== null && harmMs > 0,
    })),
  };
}

function namedVerdict(verdict: PageVerdict, names: NodeNames): PageVerdict {
  const { way, node } = verdict;
  return { ...verdict, way: names.of(way), ...(node !== undefined && { node: names.of(node) }) };
}

function verdictOf(current: RunningMatch | undefined, way: string, isDecided: boolean, nowMs: number): PageVerdict {
  if (current === undefined)
    return { kind: 'unknown', way, because: 'no program speaks with a game server now', pairs: 0, neededPairs: BURST_PAIRS };
  const { decision } = current.match;
  const compared = comparedNode(current);
  const because = isDecided ? becauseOf(decision) : BY_COMMAND.reason;
  const said = { way: wayOf(decision, way), because, neededPairs: BURST_PAIRS };
  if (decision.reason === 'no-node') return { kind: 'unmeasured', ...said, pairs: 0 };
  if (compared === undefined && nowMs - current.match.startMs >= SILENT_MS) {
    return { kind: 'unmeasured', ...said, because: 'this server answers no probes, so there is nothing to compare', pairs: 0 };
  }
  if (compared === undefined || compared.answered < BURST_PAIRS) return { kind: 'unknown', ...said, pairs: compared?.answered ?? 0 };
  if (decision.way === DIRECT) {
    const { gainMs, intervalMs, answered: pairs } = compared;
    // What rules and vetoes say holds for the next match, too.
    const isOpen = decision.evidence !== 'always' && decision.reason !== 'veto';
    const kind = isOpen && WORTH_A_NODE.includes(judge(compared)) ? 'would-save' : 'direct';
    return { kind, ...said, node: compared.node, gainMs, intervalMs, pairs };
  }
  const { gainMs, intervalMs, answered: pairs } = presentFigures(current, compared);
  if (gainMs >= 0) return { kind: 'saves', ...said, gainMs, intervalMs, pairs };
  const next = current.match.isHarmed ? '. The match stays there, and the next one at this server goes directly' : '';
  return { kind: 'harms', ...said, because: `${because}${next}`, gainMs, intervalMs, pairs };
}

/** Where no node measures, flows go by the node in use, as the user has named it. */
function wayOf({ way, reason }: Decision, inUse: string): string {
  return reason === 'no-node' ? inUse : way;
}

/** Ways change while a match goes on: what is shown of them is of the last minute, if that is enough to judge. */
function presentFigures({ recent }: RunningMatch, compared: NodeFigures): NodeFigures {
  return recent().find(({ node, answered }) => node === compared.node && answered >= BURST_PAIRS) ?? compared;
}

function becauseOf({ reason }: Decision): string {
  return reason === 'no-node' ? 'no node measures game servers, so there is nothing to compare' : REASON_TEXTS[reason];
}

/** Both ways in pieces. */
function waysOf(
  current: RunningMatch | undefined,
  nodes: readonly MeasuringNode[],
  { names, routersTo }: PageContext,
): Pick<PageFacts, 'ways' | 'waysNote'> {
  const compared = current && comparedNode(current);
  if (current === undefined || compared === undefined) return { ways: [], waysNote: '' };
  const { node, kind, directMs, nodeMs } = presentFigures(current, compared);
  const known = routersTo(current.match.server);
  const { ways, note } = piecesOf({
    directMs,
    isServerMeasured: kind !== 'ttl',
    node: { name: names.of(node), ms: nodeMs, toNodeMs: nodes.find(({ name }) => name === node)?.rttMs },
    routers: known?.routers,
    serverTtl: known?.serverTtl,
    obstacle: known?.obstacle,
  });
  return { ways, waysNote: note };
}

function flowOf({ match, figures }: RunningMatch, context: PageContext, nowMs: number): PageFlow {
  const { server, decision } = match;
  const way = wayOf(decision, context.way);
  const newestMs = Math.max(...figures.map((one) => one.newestMs));
  return {
    program: null,
    game: server.game ?? null,
    server: formatEndpoint(server.serverIp, server.serverPort),
    region: context.regionOf(way),
    way: context.names.of(way),
    reason: becauseOf(decision),
    evidence: KINDS[decision.evidence],
    evidenceAgeS: Number.isFinite(newestMs) ? Math.round((nowMs - newestMs) / 1_000) : null,
    packetsUp: null,
    packetsDown: null,
  };
}

function matrixOf(matches: readonly RunningMatch[], nodeNames: NodeNames): PageFacts['matrix'] {
  const measured = matches.filter(({ figures }) => figures.some(({ answered }) => answered > 0));
  if (measured.length === 0) return null;
  const names = [...new Set(measured.flatMap(({ figures }) => figures.map(({ node }) => node)))];
  const answeredBy = (figures: readonly NodeFigures[], node: string) => figures.find((one) => one.node === node && one.answered > 0);
  return {
    servers: measured.map(({ match: { server } }) => formatEndpoint(server.serverIp, server.serverPort)),
    rows: [
      { way: DIRECT, medianMs: measured.map(({ figures }) => figures.find(({ answered }) => answered > 0)?.directMs ?? null) },
      ...names.map((way) => ({
        way: nodeNames.of(way),
        medianMs: measured.map(({ figures }) => answeredBy(figures, way)?.nodeMs ?? null),
      })),
    ],
  };
}
