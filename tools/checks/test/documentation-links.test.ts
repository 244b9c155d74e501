import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { citations } from './support/citations.ts';
import type { Citation } from './support/citations.ts';
import { anchors, headings, linkTargets } from './support/markdown.ts';
import { readPages, readSources } from './support/pages.ts';
import { workspaceRoot } from '../src/workspace-root.ts';

const pages = readPages(workspaceRoot);
const textOf = (path: string): string | undefined => pages.find((page) => page.path === path)?.text;

test('every section that a source cites is a heading of the page that it names', () => {
  // Sources of these checks speak of pages that are not meant to be there.
  const sources = readSources(workspaceRoot).filter(({ path }) => !path.startsWith('tools/checks/'));
  const missing = sources.flatMap(({ path, text }) => citations(text).flatMap((citation) => missingTitles(path, citation)));

  expect(sources.length).toBeGreaterThan(0);
  expect(missing).toEqual([]);
});

function missingTitles(path: string, { page, titles }: Citation): string[] {
  const cited = textOf(page);
  if (cited === undefined) return [`${path}: there is no ${page}`];
  const there = headings(cited);
  return titles.filter((title) => !there.includes(title)).map((title) => `${path}: ${page} has no "${title}"`);
}

test('a citation may name several sections and be wrapped within a comment', () => {
  expect(citations('/**\n * See (docs/a/b.md,\n * First title, Second; and docs/c.md says so, too)')).toEqual([
    { page: 'docs/a/b.md', titles: ['First title', 'Second'] },
    { page: 'docs/c.md', titles: [] },
  ]);
});

test.each(pages.map(({ path }) => path))('every link within the project leads somewhere: %s', (path) => {
  const broken = linkTargets(textOf(path) ?? '').filter((target) => !/^[a-z]+:/.test(target) && !resolves(path, target));

  expect(broken).toEqual([]);
});

function resolves(from: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? from : relative('.', join(dirname(from), file));
  if (!existsSync(join(workspaceRoot, path))) return false;
  return anchor === undefined || anchors(textOf(path) ?? '').includes(anchor);
}

test('the README names the two commands that do everything, after what users need first', () => {
  const top = (textOf('README.md') ?? '').split('\n').slice(0, 60);

  expect(top).toContain('npx -y pnpm@12.21.0 start');
  expect(top).toContain('npx -y pnpm@12.21.0 test');
});
