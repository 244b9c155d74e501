/** A column of a table: what stands above it, and on which side its cells are lined up. */
export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

export function left(title: string): Column {
  return { title, align: 'left' };
}

export function right(title: string): Column {
  return { title, align: 'right' };
}

/** A Markdown table whose columns are also lined up for those who read the text. */
export function markdownTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(escapeCell));
  const widths = columns.map(({ title }, index) => Math.max(3, title.length, ...cells.map((row) => row[index].length)));
  const line = (row: readonly string[]) => {
    return `| ${row.map((cell, index) => (columns[index].align === 'left' ? cell.padEnd(widths[index]) : cell.padStart(widths[index]))).join(' | ')} |`;
  };
  const rule = columns.map(({ align }, index) => (align === 'left' ? '-'.repeat(widths[index]) : `${'-'.repeat(widths[index] - 1)}:`));
  return [line(columns.map(({ title }) => title)), `| ${rule.join(' | ')} |`, ...cells.map(line)].join('\n');
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
