import { markdownTable as renderTable } from 'markdown-table';

/** A line of a table: what stands in each column. */
export type Row = Readonly<Record<string, string | number>>;

/** A Markdown table of rows that have the same columns; numbers are lined up on the right. */
export function markdownTable(rows: readonly Row[]): string {
  const [first] = rows;
  const titles = Object.keys(first);
  const align = titles.map((title) => (typeof first[title] === 'number' ? 'right' : null));
  return renderTable([titles, ...rows.map((row) => titles.map((title) => cell(row[title])))], { align });
}

/** Numbers with four significant digits; what was not measured, NaN, is an en dash. */
function cell(value: string | number): string {
  if (typeof value === 'string') return value.replaceAll('|', '\\|').replaceAll('\n', ' ');
  if (Number.isNaN(value)) return '–';
  return value.toLocaleString('en', Math.abs(value) >= 1_000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 4 });
}
