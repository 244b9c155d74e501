import type { LoopMode } from '../loop/protection-loop.ts';
import type { GameHints } from '../loop/protection-step.ts';
import { ALL_FORMS } from './protection-terms.ts';
import type { ProtectionTerms } from './protection-terms.ts';

/** How an end protects what it sends, and what it offers to its peers. */
export interface ProtectionSettings extends ProtectionTerms {
  readonly mode: LoopMode;
  /** Most bits a second that redundancy takes, per session and direction, as kilobits of IP packets. */
  readonly budgetKbps: number;
  /** What is known of the game. */
  readonly hints: GameHints;
}

/** The defaults that docs/playing.md lists. */
export const DEFAULT_PROTECTION: ProtectionSettings = Object.freeze({
  mode: Object.freeze({ kind: 'auto' }),
  forms: ALL_FORMS,
  deadlineMs: 30,
  budgetPercent: 120,
  budgetKbps: 512,
  hints: Object.freeze({}),
});
