import type { MatchRecord, NodeFigures, OpenMatch, WayChooser } from '@lightspeed/choice';
import { parseIpv4 } from '@lightspeed/wire';
import type { Random } from '@lightspeed/netem';
import { roundTrip } from './line.ts';
import type { Line } from './line.ts';

/** The wall clock at the beginning of a test. */
export const START_MS = Date.UTC(2026, 0, 1);
/** A node that most tests have. */
export const NODE = 'fra-1.example.net:4433';
/** A second one. */
export const OTHER_NODE = 'ams-1.example.net:4433';

/** The ways of a match: `direct`, and each node. */
type Ways = Readonly<Record<string, Line>> & { readonly direct: Line };

/** An address as a number. */
export function ipOf(text: string): number {
  const ip = parseIpv4(text);
  if (ip === undefined) throw new Error(`${text} is no address`);
  return ip;
}

/** A simulated match, with the times of its probes. */
export interface Play {
  readonly server: string;
  readonly game?: string;
  readonly startMs: number;
  readonly seconds: number;
  readonly ways: Ways;
  /** Whether ten pairs are there before the server's first answer, or only behind it. */
  readonly burst?: 'in-time' | 'late';
  /** Called each second, before its probes. */
  readonly everySecond?: (match: OpenMatch, nowMs: number) => void;
}

/** A match that was played to its end. */
export interface Played {
  readonly record: MatchRecord;
  readonly openedBy: OpenMatch['decision'];
  /** Seconds in which the match had another way than the second before. */
  readonly moves: readonly number[];
  readonly proof: NodeFigures | undefined;
  readonly probes: number;
  readonly match: OpenMatch;
}

/** Plays a match on a virtual clock: opening, burst, first answer, shadow probes as fast as the chooser asks, and its end. */
export function playMatch(chooser: WayChooser, random: Random, play: Play): Played {
  const { server, game = 'CS2', startMs, seconds, ways, burst, everySecond } = play;
  const nodes = Object.keys(ways).filter((way) => way !== 'direct');
  const match = chooser.openMatch({ serverIp: ipOf(server), serverPort: 27_015, game }, startMs);
  const openedBy = match.decision;
  const moves: number[] = [];
  let probes = 0;
  const probe = (measured: readonly string[], atMs: number) => {
    const directMs = roundTrip(random, ways.direct);
    for (const node of measured)
      chooser.addShadowPair(match, { node, kind: 'icmp', directMs, nodeMs: roundTrip(random, ways[node]), atMs });
    if (measured.length > 0) probes += 1 + measured.length;
  };
  if (burst === 'late') chooser.handleAnswer(match);
  if (burst !== undefined && match.decision.wantsBurst) {
    for (let i = 0; i < 10; i++) probe(nodes, startMs + 25 * i);
    if (chooser.reconsider(match, startMs + 300) !== undefined) moves.push(0);
  }
  chooser.handleAnswer(match);
  for (let second = 1; second <= seconds; second++) {
    const nowMs = startMs + second * 1_000;
    everySecond?.(match, nowMs);
    const { way } = match.decision;
    const wanted = nodes.map((node) => ({ node, count: chooser.shadowPairs(match, node, nowMs) }));
    const most = Math.max(...wanted.map(({ count }) => count));
    const measuredAt = (nth: number) => wanted.filter(({ count }) => nth < count).map(({ node }) => node);
    for (let i = 0; i < most; i++) probe(measuredAt(i), nowMs + (i * 1_000) / most);
    if (chooser.reconsider(match, nowMs) !== undefined || match.decision.way !== way) moves.push(second);
  }
  const record = chooser.closeMatch(match, startMs + seconds * 1_000 + 1_000);
  return { record, openedBy, moves, proof: record.proofs.at(0), probes, match };
}
