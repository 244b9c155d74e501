import type { EchoReport } from '../game/echo-game.ts';
import type { PlayerReport } from './agent-messages.ts';

/** Datagrams of a game that were never answered. */
function lost({ sent, answered }: EchoReport): number {
  return sent - answered;
}

/** What several games together came to. */
export function totals(reports: readonly PlayerReport[]): { sent: number; lost: number; longestGapMs: number } {
  return {
    sent: sum(reports, ({ game }) => game.sent),
    lost: sum(reports, ({ game }) => lost(game)),
    longestGapMs: Math.max(0, ...reports.map(({ game }) => game.longestGapMs)),
  };
}

/** The value that this share of all is not above; NaN of none. @param ascending in ascending order */
export function percentile(ascending: readonly number[], share: number): number {
  return ascending.length === 0 ? NaN : ascending[Math.max(0, Math.ceil(ascending.length * share) - 1)];
}

/** What came twice or was none of the game's: must be nothing. */
export function strange(reports: readonly PlayerReport[]): number {
  return sum(reports, ({ game }) => game.duplicates + game.strange);
}

function sum(reports: readonly PlayerReport[], value: (report: PlayerReport) => number): number {
  return reports.reduce((total, report) => total + value(report), 0);
}
