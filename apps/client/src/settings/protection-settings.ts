import { DEFAULT_GROUP_SIZE } from '@lightspeed/fec';
import { ALL_FORMS, DEFAULT_PROTECTION, MAX_BUDGET_PERCENT, MAX_DEADLINE_MS, MIN_DEADLINE_MS, formatProtect } from '@lightspeed/session';
import type { GameHints, Protect, ProtectionSettings } from '@lightspeed/session';
import { invalid, requireInteger } from './checks.ts';

/** How what is sent is protected from loss, in both directions. Whatever is left out has the default of {@link DEFAULT_PROTECT}. */
export interface ProtectSettings {
  /**
   * `auto` decides by what nodes report. With nodes that know nothing else, groups of `fecGroupSize` protect. Default: `auto`, or
   * groups if `fecGroupSize` is given.
   */
  readonly protect?: Protect | undefined;
  /** A datagram that comes so many milliseconds late is of no use, 10 to 100. */
  readonly deadlineMs?: number | undefined;
  /** Redundancy per direction, in percent of the game's bytes, 0 to 255. */
  readonly budget?: number | undefined;
  /** The same in kilobits a second. */
  readonly budgetKbps?: number | undefined;
  /** What is known of the game. */
  readonly hints?: GameHints | undefined;
}

/** {@link ProtectSettings} after parsing: what holds where the node agrees, if anything, and the groups where it does not. */
export interface ParsedProtect {
  readonly protection: ProtectionSettings | undefined;
  /** 0 for none. */
  readonly fecGroupSize: number;
}

const MAX_BUDGET_KBPS = 1_000_000;

/** What holds unless told otherwise. */
export const DEFAULT_PROTECT = Object.freeze({
  deadlineMs: DEFAULT_PROTECTION.deadlineMs,
  budget: DEFAULT_PROTECTION.budgetPercent,
  budgetKbps: DEFAULT_PROTECTION.budgetKbps,
});

/**
 * Fills in the defaults and checks the numbers.
 * @param fecGroupSize as it was given, if it was.
 * @throws {ClientError} `ERR_CLIENT_INVALID_SETTING` with what was got and what is allowed.
 */
export function parseProtectSettings(given: ProtectSettings, fecGroupSize: number | undefined): ParsedProtect {
  const protect: Protect = given.protect ?? groupsOf(fecGroupSize) ?? { kind: 'auto' };
  const { deadlineMs = DEFAULT_PROTECT.deadlineMs, budget = DEFAULT_PROTECT.budget, budgetKbps = DEFAULT_PROTECT.budgetKbps } = given;
  requireInteger('deadlineMs', deadlineMs, MIN_DEADLINE_MS, MAX_DEADLINE_MS);
  requireInteger('budget', budget, 0, MAX_BUDGET_PERCENT);
  requireInteger('budgetKbps', budgetKbps, 1, MAX_BUDGET_KBPS);
  if (protect.kind === 'repeat') {
    const allowed = `ages of at most ${deadlineMs} ms, which is the deadline (--deadline-ms): what comes later is of no use`;
    if (Math.max(...protect.agesMs) > deadlineMs) throw invalid('protect', formatProtect(protect), allowed);
  }
  if (protect.kind === 'off') return { protection: undefined, fecGroupSize: 0 };
  if (protect.kind === 'groups') return { protection: undefined, fecGroupSize: protect.size };
  const { hints = {} } = given;
  return {
    protection: { mode: protect, forms: ALL_FORMS, deadlineMs, budgetPercent: budget, budgetKbps, hints },
    fecGroupSize: fecGroupSize ?? DEFAULT_GROUP_SIZE,
  };
}

function groupsOf(size: number | undefined): Protect | undefined {
  if (size === undefined) return undefined;
  return size === 0 ? { kind: 'off' } : { kind: 'groups', size };
}
