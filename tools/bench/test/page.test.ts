import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pageText, renderReport } from '../src/report/page.ts';
import type { Report } from '../src/report/page.ts';
import { markdownTable } from '../src/report/table.ts';

test('a table lines numbers up on the right, and escapes what would end a cell', () => {
  const table = markdownTable([
    { name: 'a|b', n: 1.23456 },
    { name: 'two\nlines', n: 12_345.6 },
    { name: 'none', n: NaN },
  ]);

  expect(table.split('\n')).toEqual([
    '| name      |      n |',
    '| --------- | -----: |',
    '| a\\|b      |  1.235 |',
    '| two lines | 12,346 |',
    '| none      |      – |',
  ]);
});

const ABOUT = { claim: 'CPU time', against: 'C', load: '20,000 / 60,000 a second', repeat: '`pnpm bench`' };
const REPORT: Report = {
  ...{ command: 'pnpm bench', takenOn: '2030-01-02', seconds: 61 },
  machine: { processor: 'A processor', cores: 2, memoryBytes: 2 ** 30, system: 'linux 6.1, x64', node: 'v26.0.0' },
  claims: [
    { ...ABOUT, bound: 1.15, measured: [1.2, 1.1] },
    { ...ABOUT, against: 'nginx', bound: 0.95, measured: [1.03, 1.04], unreachable: 'the kernel is most of it' },
    { ...ABOUT, against: 'coturn', bound: 0.95, measured: [NaN, NaN] },
  ],
  figures: { 'A table': [{ relay: 'C', us: 12 }] },
};

test('a claim is in one line with bound, measured values, verdict and reason, and how to repeat it', () => {
  const lines = pageText(REPORT)
    .split('\n')
    .map((line) => line.replaceAll(/ +/g, ' '));

  expect(lines).toContain('| CPU time | C | 20,000 / 60,000 a second | at most 1.15 | 1.20 / 1.10 | 1 of 2 | `pnpm bench` |');
  expect(lines).toContain(
    '| CPU time | nginx | 20,000 / 60,000 a second | at most 0.95 | 1.03 / 1.04 | no: the kernel is most of it | `pnpm bench` |',
  );
  expect(lines).toContain('| CPU time | coturn | 20,000 / 60,000 a second | at most 0.95 | – / – | not measured | `pnpm bench` |');
});

test('a report says where it was measured and by which command, and has all figures', () => {
  const text = renderReport(REPORT);

  expect(text).toContain('Measured by `pnpm bench` in 61 s on 2030-01-02: A processor, 2 cores, linux 6.1, x64, Node v26.0.0.');
  expect(text).toMatch(/## A table\n\n\| relay \| +us \|/);
});

test('the page of the documentation is what its data says, and fits on one screen', () => {
  const docs = new URL('../../../docs/', import.meta.url);
  const page = readFileSync(new URL('benchmarks.md', docs), 'utf8');
  const report = JSON.parse(readFileSync(new URL('benchmarks.json', docs), 'utf8')) as Report;

  expect(page).toBe(pageText(report));
  expect(page.split('\n').length).toBeLessThan(60);
});
