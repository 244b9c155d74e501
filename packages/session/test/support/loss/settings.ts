import type { LoopMode, LoopOptions } from '../../../src/protection/loop/protection-loop.ts';
import { ProtectionForm } from '../../../src/protection/loop/protection-step.ts';
import type { GameFlow, RunOptions } from './protected-run.ts';

/** What games send up and down, as in the measurements end to end. */
export const UP: GameFlow = { hz: 60, minBytes: 60, maxBytes: 120 };
/** The same, down. */
export const DOWN: GameFlow = { hz: 64, minBytes: 100, maxBytes: 400 };

/** All forms at once. */
export const ALL_FORMS = ProtectionForm.repeat | ProtectionForm.xor | ProtectionForm.request | ProtectionForm.report;

/** A loop with the default limits, or others. */
export function loopWith(mode: LoopMode, others: Partial<LoopOptions> = {}): LoopOptions {
  return { deadlineMs: 30, budgetPercent: 120, budgetKbps: 512, forms: ALL_FORMS, hints: {}, mode, ...others };
}

/** The loop decides. */
export const AUTO = loopWith({ kind: 'auto' });
/** No protection and no reports, as before. */
export const OFF = loopWith({ kind: 'off' }, { forms: 0 });

/** Repeats at these ages, whatever they do. */
export function fixed(...agesMs: number[]): LoopOptions {
  return loopWith({ kind: 'repeat', agesMs });
}

/** A line of 25 to 28 ms that loses, and no more. */
export const LINE: RunOptions['line'] = { delayMs: 25, jitterMs: 3 };

/** Random loss, always or at times. */
export function losing(loss: number | ((timeMs: number) => number)): RunOptions['line'] {
  return { ...LINE, loss: typeof loss === 'number' ? () => loss : loss };
}
