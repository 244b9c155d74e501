import type { Row } from '../report/table.ts';

const WIDTH = 860;
const LEFT = 110;
const ROW = 22;
const BAR = 6;
const TOP = 56;
const COLOURS = ['#4c78a8', '#f58518', '#54a24b', '#b279a2', '#e45756', '#72b7b2', '#9d755d'];

/**
 * A chart of a table as SVG: a group of bars for each setting, a bar for each of its columns of percentages. Of values for two
 * directions the first counts. It has a light background of its own, so that dark pages show it too.
 */
export function chartOf(title: string, rows: readonly Row[]): string {
  const columns = Object.keys(rows[0]).filter((column) => column !== 'setting' && !column.startsWith('bytes'));
  const valueOf = (row: Row, column: string) => Number.parseFloat(String(row[column]));
  const most = Math.max(1, ...rows.flatMap((row) => columns.map((column) => valueOf(row, column))));
  const scale = (WIDTH - LEFT - 70) / most;
  const height = TOP + rows.length * (ROW + columns.length * BAR) + 10;
  const legend = columns.map((column, nth) => {
    const x = LEFT + nth * ((WIDTH - LEFT) / columns.length);
    return `<rect x="${x}" y="32" width="10" height="10" fill="${COLOURS[nth]}"/><text x="${x + 14}" y="41">${escape(column)}</text>`;
  });
  const groups = rows.map((row, nth) => {
    const y = TOP + nth * (ROW + columns.length * BAR);
    const bars = columns.map((column, place) => {
      const value = valueOf(row, column);
      const at = y + place * BAR;
      const text = `<text x="${LEFT + value * scale + 4}" y="${at + BAR}" font-size="7">${value}</text>`;
      return `<rect x="${LEFT}" y="${at}" width="${(value * scale).toFixed(1)}" height="${BAR - 1}" fill="${COLOURS[place]}"/>${text}`;
    });
    return `<text x="${LEFT - 8}" y="${y + (columns.length * BAR) / 2 + 4}" text-anchor="end">${escape(String(row.setting))}</text>${bars.join('')}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" font-family="sans-serif" font-size="11">
<title>${escape(title)}</title>
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
<text x="10" y="18" font-size="13">${escape(title)}</text>
${legend.join('\n')}
${groups.join('\n')}
</svg>
`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
