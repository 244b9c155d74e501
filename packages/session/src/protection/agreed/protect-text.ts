import { MAX_ENCODER_GROUP_SIZE } from '@lightspeed/fec';
import { MAX_BUDGET_PERCENT, MAX_DEADLINE_MS } from './protection-terms.ts';
import type { LoopMode } from '../loop/protection-loop.ts';

/** How a flow is protected, as people ask for it: by blocks, or by XOR groups of so many packets. */
export type Protect = LoopMode | { readonly kind: 'groups'; readonly size: number };

const BLOCK_FORMS = 'repeat:AGES (milliseconds, such as 5,20), xor:N (2 to 4) or request';
/** The forms of {@link parseProtect}, for messages. */
export const PROTECT_FORMS = `auto, off, groups:K (1 to ${MAX_ENCODER_GROUP_SIZE}), ${BLOCK_FORMS}`;
/** The same without groups. */
export const LOOP_MODE_FORMS = `auto, off, ${BLOCK_FORMS}`;

const MAX_REPEATS = 4;

/** Reads `auto`, `off`, `groups:4`, `repeat:5,20`, `xor:3` or `request`. @returns undefined for anything else. */
export function parseProtect(text: string): Protect | undefined {
  if (text === 'auto' || text === 'off' || text === 'request') return { kind: text };
  const [, kind, numbers = ''] = /^(groups|repeat|xor):(\d{1,3}(?:,\d{1,3})*)$/.exec(text) ?? [];
  const values = numbers.split(',').map(Number);
  const [first] = values;
  if (kind === 'repeat') {
    const isRising = values.every((age, nth) => age > 0 && age <= MAX_DEADLINE_MS && (nth === 0 || age > values[nth - 1]));
    return isRising && values.length <= MAX_REPEATS ? { kind, agesMs: values } : undefined;
  }
  if (values.length !== 1) return undefined;
  if (kind === 'groups') return first >= 1 && first <= MAX_ENCODER_GROUP_SIZE ? { kind, size: first } : undefined;
  if (kind === 'xor') return first >= 2 && first <= 4 ? { kind, packets: first } : undefined;
  return undefined;
}

/** The text that {@link parseProtect} reads. */
export function formatProtect(protect: Protect): string {
  if (protect.kind === 'repeat') return `repeat:${protect.agesMs.join(',')}`;
  if (protect.kind === 'groups') return `groups:${protect.size}`;
  if (protect.kind === 'xor') return `xor:${protect.packets}`;
  return protect.kind;
}

/** Reads a budget, `120%` or `120`. @returns percent, 0 to 255; undefined for anything else. */
export function parseBudget(text: string): number | undefined {
  const [, digits] = /^(\d{1,3})%?$/.exec(text) ?? [];
  return digits === undefined || Number(digits) > MAX_BUDGET_PERCENT ? undefined : Number(digits);
}
