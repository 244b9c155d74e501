import type { Judgement } from './figure.ts';

/** The judgements as a table in Markdown. */
export function renderGate(judgements: readonly Judgement[]): string {
  const lines = [
    '| figure | measured | at most | passed |',
    '|---|--:|--:|---|',
    ...judgements.map(({ name, value, unavailable, most, passed }) => {
      const measured = value === undefined ? `not available here: ${unavailable}` : format(value);
      return `| ${name} | ${measured} | ${format(most)} | ${value === undefined ? '-' : passed ? 'yes' : 'NO'} |`;
    }),
  ];
  return `${lines.join('\n')}\n`;
}

function format(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 4 });
}
