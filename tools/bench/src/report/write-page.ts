import { writeFile } from 'node:fs/promises';
import type { BenchReport } from './page.ts';
import { renderReport } from './page.ts';

const PAGE = new URL('../../../../docs/benchmarks.md', import.meta.url);

/** Writes the page of the documentation and its chart. */
export async function writePage(report: BenchReport): Promise<void> {
  await writeFile(PAGE, `# Benchmarks\n\n${renderReport(report)}\n`);
}
