import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { claimsTable, whereOf } from '../report/page.ts';
import type { Report } from '../report/page.ts';
import { markdownTable } from '../report/table.ts';
import { chartOf } from './chart.ts';

const FOLDER = new URL('../../../../docs/', import.meta.url);

/** Writes docs/loss.md with a chart of each table, and the figures beside it. @returns the files that were written */
export async function writeLossPage(report: Report): Promise<string[]> {
  const charts = Object.entries(report.figures).map(([title, rows], nth) => [`loss-${nth + 1}.svg`, chartOf(title, rows)] as const);
  const files = { 'loss.md': pageText(report), 'loss.json': `${JSON.stringify(report, null, 2)}\n`, ...Object.fromEntries(charts) };
  for (const [file, text] of Object.entries(files)) await writeFile(new URL(file, FOLDER), text);
  return Object.keys(files).map((file) => fileURLToPath(new URL(file, FOLDER)));
}

function pageText(report: Report): string {
  const tables = Object.entries(report.figures).map(
    ([title, rows], nth) => `### ${title}\n\n![${title}](loss-${nth + 1}.svg)\n\n${markdownTable(rows)}`,
  );
  return `# Loss

\`pnpm bench --loss\` writes this page. Its raw figures are in [loss.json](loss.json). What the settings mean is in
[Protection from loss](playing.md#protection-from-loss).

${whereOf(report)}

## How it is measured

- The client's tunnel and the node's relay are the real ones. The line between them is emulated, on a virtual clock. So a run of
  300 s takes less than a second, and gives the same figures on every machine.
- The game sends 60 to 120 bytes up and 100 to 400 bytes down, one datagram a tick. The line takes 25 ms each way, and keeps the order.
- All settings meet the same losses: these depend on the time, not on what is sent. Bursts of packets are the exception.
- _Missing_ is what has not come 30 ms past the undisturbed delay: it came late, or never. _Out of order_ came in time, but behind a
  later one. Many games throw such away.
- Bytes are those of IP packets, beside what \`off\` sends.
- Fixed settings have the budget that they need. \`auto\` has the default one, 120 %.

## What is claimed

${claimsTable(report.claims)}

## What was measured

${tables.join('\n\n')}
`;
}
