import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { inlineCode, linkTargets } from './support/markdown.ts';
import { workspaceRoot } from '../src/workspace-root.ts';

const PAGE = 'docs/ARCHITECTURE.md';
const page = readFileSync(join(workspaceRoot, PAGE), 'utf8');
const [, section = ''] = /^## A stranger's walk\n([\s\S]*?)(?=^## )/m.exec(page) ?? [];
const rows = section.split('\n').filter((line) => line.startsWith('|') && linkTargets(line).length > 0);

test('the walk answers by file, function and line: wrong token, header, path, registration', () => {
  const questions = rows.map((row) => row.split('|')[1] ?? '').join('\n');

  for (const subject of ['wrong token', 'header', 'path', 'registration']) expect(questions).toContain(subject);
  expect(rows.filter((row) => inlineCode(row).length !== 2)).toEqual([]);
});

test('every file of the walk has the function that the page names, and the quoted line once', () => {
  const wrong = rows.flatMap((row) => {
    const [file = ''] = linkTargets(row);
    const source = readFileSync(join(workspaceRoot, dirname(PAGE), file), 'utf8');
    const [name = '', line = ''] = inlineCode(row);
    const isDeclared = new RegExp(`^(?: {2}(?:private |static )?|export function )${name}(?:<.*>)?\\(`, 'm').test(source);
    const times = source.split(line).length - 1;
    return [...(isDeclared ? [] : [`${file}: no ${name}`]), ...(times === 1 ? [] : [`${file}: ${line}, ${times} times`])];
  });

  expect(wrong).toEqual([]);
});

test('the walk begins at the README, which links to its page', () => {
  expect(linkTargets(readFileSync(join(workspaceRoot, 'README.md'), 'utf8'))).toContain(PAGE);
});
