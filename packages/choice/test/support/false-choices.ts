import { figuresOf, judge } from '@lightspeed/choice';
import { Random } from '@lightspeed/netem';
import { roundTrip, usualLine } from './line.ts';
import type { JitterShape } from './line.ts';

/** By how much the node is truly faster. */
export const TRUE_GAINS_MS = [0, 2, 5, 10, 20] as const;
const DIRECT_MS = 60;
const PAIRS = 10;
const ROUNDS = 20_000;
const SEED = 47;

/** How often each rule chose the node, as shares, one for each of {@link TRUE_GAINS_MS}. */
export interface RuleShares {
  readonly rule: string;
  readonly shape: JitterShape;
  readonly shares: readonly number[];
}

type Rule = (direct: readonly number[], node: readonly number[]) => boolean;

const RULES: readonly (readonly [name: string, rule: Rule])[] = [
  ['mean of 10 is lower', (direct, node) => sum(node) < sum(direct)],
  ['median and p90 alone', (direct, node) => isBetterByMedianAndP90(direct, node)],
  ['**the rule**', (direct, node) => judge(figuresOf(direct, node)) === 'faster'],
];

/** Plays each rule many times, with ten pairs each; the same for every run. */
export function falseChoices(): RuleShares[] {
  return (['one-sided', 'symmetric'] as const).flatMap((shape) => {
    const chosen = RULES.map(() => TRUE_GAINS_MS.map(() => 0));
    const random = new Random(SEED);
    for (const [column, gainMs] of TRUE_GAINS_MS.entries()) {
      for (let round = 0; round < ROUNDS; round++) {
        const [direct, node] = [usualLine(random, DIRECT_MS, shape), usualLine(random, DIRECT_MS - gainMs, shape)];
        const directMs = Array.from({ length: PAIRS }, () => roundTrip(random, direct) ?? NaN);
        const nodeMs = Array.from({ length: PAIRS }, () => roundTrip(random, node) ?? NaN);
        for (const [row, [, rule]] of RULES.entries()) if (rule(directMs, nodeMs)) chosen[row][column]++;
      }
    }
    return RULES.map(([rule], row) => ({ rule, shape, shares: chosen[row].map((times) => times / ROUNDS) }));
  });
}

/** The shares as rows of a table in Markdown. */
export function falseChoicesTable(): string {
  const rows = falseChoices().map(({ rule, shape, shares }) => [
    `${rule}, jitter ${shape}`,
    ...shares.map((share) => `${(100 * share).toFixed(share < 0.02 ? 2 : share > 0.98 ? 1 : 0)} %`),
  ]);
  const header = ['true gain', ...TRUE_GAINS_MS.map((ms) => `${ms.toString()} ms`)];
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column].length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** What the rule would be without its bound, and without forgiving a spike. */
function isBetterByMedianAndP90(direct: readonly number[], node: readonly number[]): boolean {
  const { gainMs, directMs } = figuresOf(direct, node);
  const secondSlowest = (values: readonly number[]) => values.toSorted((a, b) => b - a)[1];
  return gainMs >= Math.max(5, directMs / 10) && secondSlowest(node) <= secondSlowest(direct);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
