import type { ProtectionStep } from './protection-step.ts';

const STEP_WORDS = {
  none: 'no protection',
  request: 'repeats on request',
  xor: 'riding XOR',
  early: 'early repeats',
  late: 'late repeats',
  both: 'early and late repeats',
  repeat: 'repeats',
} as const;

/** A step as people read it. */
export function wordsOf({ name, xorPackets }: ProtectionStep): string {
  return name === 'xor' ? `${STEP_WORDS.xor} of ${String(xorPackets)}` : STEP_WORDS[name];
}

/** A part of one as people read it: `4.8 %`. */
export function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

/** A step and what it costs: `early repeats; +74 %`. */
export function stepAndCost(step: ProtectionStep, cost: number): string {
  return cost === 0 ? wordsOf(step) : `${wordsOf(step)}; +${(cost * 100).toFixed(0)} %`;
}
