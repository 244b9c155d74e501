import { DIRECT } from './decision.ts';
import type { Decision } from './decision.ts';
import { evidencePrefix } from './prefixes.ts';
import type { RunningMatch } from './running-match.ts';
import type { NodeFigures } from './series-set.ts';

/** What a match was, and what its shadow probes prove (docs/choosing.md, The proof of a match). */
export interface MatchRecord {
  readonly game: string | undefined;
  /** Unsigned. */
  readonly serverIp: number;
  readonly serverPort: number;
  /** The /24 of the server. */
  readonly prefix: string;
  /** The prefix that stands for its provider. */
  readonly provider: string;
  readonly startMs: number;
  readonly endMs: number;
  /** The one by which it went, at last if it was moved. */
  readonly decision: Decision;
  /** Figures of each node that was measured; that of the match's own node comes first, else the one that gains most. */
  readonly proofs: readonly NodeFigures[];
  /** What the way gained beside the direct one: 0 if it was direct, undefined if nothing was measured. */
  readonly savedMs: number | undefined;
  /** By how much the match was slower than the direct way; 0 if it was not. */
  readonly harmMs: number | undefined;
  /** Whether its node made it worse, so that its prefix stays direct. */
  readonly isVetoed: boolean;
}

/** Makes the record of a match that ends. @param provider of its server. */
export function recordOf(match: RunningMatch, provider: string, nowMs: number): MatchRecord {
  const { server, decision, startMs, isHarmed } = match;
  const proofs = match
    .figures()
    .filter(({ answered }) => answered > 0)
    .sort((a, b) => rank(b, decision.way) - rank(a, decision.way));
  const own = proofs.find(({ node }) => node === decision.way);
  const savedMs = decision.way === DIRECT ? 0 : own?.gainMs;
  return {
    game: server.game,
    serverIp: server.serverIp >>> 0,
    serverPort: server.serverPort,
    prefix: evidencePrefix(server.serverIp),
    provider,
    startMs,
    endMs: nowMs,
    decision,
    proofs,
    savedMs,
    harmMs: savedMs === undefined ? undefined : Math.max(0, -savedMs),
    isVetoed: isHarmed,
  };
}

function rank({ node, gainMs }: NodeFigures, way: string): number {
  return node === way ? Number.MAX_VALUE : gainMs;
}
