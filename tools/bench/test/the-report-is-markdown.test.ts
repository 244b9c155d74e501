import { expect, test } from 'vitest';
import { renderMacro } from '../src/macro/render-macro.ts';
import { left, markdownTable, right } from '../src/report/markdown.ts';
import { renderReport } from '../src/report/page.ts';
import type { BenchReport } from '../src/report/page.ts';
import { pageText } from '../src/report/write-page.ts';
import { macroData } from './support/macro-data.ts';

/** The cells of each line of the tables in a text. */
function cellsOf(markdown: string): string[][] {
  const lines = markdown.split('\n').filter((line) => line.startsWith('|'));
  return lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test('a table has a rule that says how its columns are lined up, and what would end a cell is escaped', () => {
  const table = markdownTable(
    [left('name'), right('n')],
    [
      ['a|b', '1'],
      ['two\nlines', '10'],
    ],
  );

  expect(table.split('\n')).toEqual(['| name      |   n |', '| --------- | --: |', '| a\\|b      |   1 |', '| two lines |  10 |']);
});

test('every line of a table has as many cells as its head', () => {
  const widths = new Map<string, Set<number>>();
  let head = '';
  for (const line of renderMacro(macroData()).split('\n')) {
    if (!line.startsWith('|')) head = '';
    else head ||= line;
    if (head !== '') widths.set(head, (widths.get(head) ?? new Set()).add(cellsOf(line)[0].length));
  }

  expect(widths.size).toBe(6);
  for (const counts of widths.values()) expect(counts.size).toBe(1);
});

test('claims are shown with what was measured, the bound and whether they hold', () => {
  const cells = cellsOf(renderMacro(macroData()));

  expect(cells).toContainEqual(['CPU per round trip, as a multiple of that of C, 100 clients, 20,000/s', '1.20', 'at most 1.15', 'no']);
  expect(cells).toContainEqual([
    'CPU per round trip, as a multiple of that of nginx, 100 clients, 20,000/s',
    '0.90',
    'at most 0.95',
    'yes',
  ]);
  expect(cells).toContainEqual([
    'CPU per round trip, as a multiple of that of coturn, 100 clients, 20,000/s',
    '–',
    'at most 0.95',
    'not measured',
  ]);
});

test('what control connections cost is shown for each number of clients, for one and for all', () => {
  const cells = cellsOf(renderMacro(macroData()));

  expect(cells).toContainEqual(['1', '20', '0.02']);
  expect(cells).toContainEqual(['100', '18', '1.80']);
});

test('what more workers carry is shown as a multiple of what one does, or why it is not known', () => {
  const data = macroData();

  expect(cellsOf(renderMacro(data))).toContainEqual(['2', '57,000', '1.90']);
  expect(renderMacro({ ...data, workers: { why: 'there are no control groups' } })).toContain('Not measured: there are no control groups.');
  expect(renderMacro({ ...data, workers: undefined })).not.toContain('More workers');
});

test('a peer that is not installed is named with the line that installs it', () => {
  expect(renderMacro(macroData())).toMatch(/coturn +\| did not take part: turnserver not found: `apt-get install coturn`/);
});

const REPORT: BenchReport = {
  ...{ command: 'pnpm bench', takenOn: '2030-01-02', seconds: 61 },
  machine: {
    processor: 'A processor',
    cores: 2,
    memoryBytes: 2 ** 30,
    system: 'linux 6.1, x64',
    node: 'v26.0.0',
    mostReceiveBufferBytes: 212_992,
  },
  sections: [{ name: 'macro', title: 'The whole relay beside others', data: {}, markdown: 'what it found', pictures: [], faults: [] }],
};

test('a report says where it was measured and by which command', () => {
  const page = renderReport(REPORT);

  expect(cellsOf(page)).toContainEqual(['command', '`pnpm bench`, 61 s, on 2030-01-02']);
  expect(cellsOf(page)).toContainEqual(['processor', 'A processor, 2 cores']);
  expect(page).toContain('## The whole relay beside others\n\nwhat it found');
});

test('the page of the documentation has the report, the chart, how it was measured and what is unfair about it', () => {
  const text = pageText(REPORT, [{ file: 'benchmarks.svg', alt: 'Costs', svg: '<svg/>' }]);

  expect(text.startsWith('# Benchmarks\n')).toBe(true);
  expect(text).toContain('![Costs](benchmarks.svg)');
  expect(text).toContain(renderReport(REPORT));
  expect(text).toMatch(/^## How it is measured$/m);
  expect(text).toMatch(/^### What is unfair, and to whom$/m);
});
