/** A line of a table: what stands in each column. */
export type Row = Readonly<Record<string, string | number>>;

/** A Markdown table of rows that have the same columns; numbers are lined up on the right. */
export function markdownTable(rows: readonly Row[]): string {
  const [first] = rows;
  const titles = Object.keys(first);
  const cells = rows.map((row) => titles.map((title) => cell(row[title])));
  const widths = titles.map((title, column) => Math.max(3, title.length, ...cells.map((row) => row[column].length)));
  const isNumber = titles.map((title) => typeof first[title] === 'number');
  const line = (texts: readonly string[]) => {
    const padded = texts.map((text, column) => (isNumber[column] ? text.padStart(widths[column]) : text.padEnd(widths[column])));
    return `| ${padded.join(' | ')} |`;
  };
  const rule = widths.map((width, column) => (isNumber[column] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return [line(titles), line(rule), ...cells.map(line)].join('\n');
}

/** Numbers with four significant digits; what was not measured, NaN, is an en dash. */
function cell(value: string | number): string {
  if (typeof value === 'string') return value.replaceAll('|', '\\|').replaceAll('\n', ' ');
  if (Number.isNaN(value)) return '–';
  return value.toLocaleString('en', Math.abs(value) >= 1_000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 4 });
}
