import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { METHOD } from './method.ts';
import { renderReport } from './page.ts';
import type { BenchReport } from './page.ts';

const FOLDER = new URL('../../../../docs/', import.meta.url);

/** A picture beside the page, and what it shows for those who cannot see it. */
export interface Picture {
  readonly file: string;
  readonly alt: string;
  readonly svg: string;
}

/** Writes docs/benchmarks.md and its pictures. @returns the files that were written */
export async function writePage(report: BenchReport, pictures: readonly Picture[]): Promise<string[]> {
  const files = [{ file: 'benchmarks.md', text: pageText(report, pictures) }, ...pictures.map(({ file, svg }) => ({ file, text: svg }))];
  for (const { file, text } of files) await writeFile(new URL(file, FOLDER), text);
  return files.map(({ file }) => fileURLToPath(new URL(file, FOLDER)));
}

export function pageText(report: BenchReport, pictures: readonly Picture[]): string {
  const intro = `Written by \`pnpm bench\`. All figures are of one run on one machine: compare them with each other, not with those of another
one. \`pnpm bench --quick\` measures yours in less than a minute.`;
  const images = pictures.map(({ file, alt }) => `![${alt}](${file})`);
  return `${['# Benchmarks', intro, ...images, renderReport(report), METHOD].join('\n\n')}\n`;
}
