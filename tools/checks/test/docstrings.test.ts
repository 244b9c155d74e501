import { expect, test } from 'vitest';
import { exportsWithoutDocstring } from './support/docstrings.ts';
import { readWorkspace } from './support/pages.ts';
import { workspaceRoot } from '../src/workspace-root.ts';

const sources = readWorkspace(workspaceRoot).filter(({ path }) => /^(?:packages|apps|tools)\/[^/]+\/src\/.+\.ts$/.test(path));

test('every export of a source file says what it is for', () => {
  expect(sources.length).toBeGreaterThan(300);
  expect(sources.flatMap(exportsWithoutDocstring)).toEqual([]);
});

test.each([
  ['a function', 'export function go(): void {}'],
  ['an asynchronous function', 'export async function go(): Promise<void> {}'],
  ['a generator', 'export function* go(): Generator<number> {}'],
  ['a class', 'export abstract class go {}'],
  ['a constant', 'export const go = 1;'],
  ['an interface', 'export interface go {}'],
  ['a type', 'export type go = number;'],
])('%s without a docstring is found, with one it is not', (_what, line) => {
  expect(exportsWithoutDocstring({ path: 'a.ts', text: `\n${line}\n` })).toEqual(['a.ts:2: go']);
  expect(exportsWithoutDocstring({ path: 'a.ts', text: `/** Goes. */\n\n${line}\n` })).toEqual(['a.ts:3: go']);
  expect(exportsWithoutDocstring({ path: 'a.ts', text: `/**\n * Goes.\n */\n${line}\n` })).toEqual([]);
});

test('overloads need one docstring, and exports of other files none', () => {
  const text =
    '/** Goes. */\nexport function go(): void;\nexport function go(at: number): void;\nexport { stop } from "./b.ts";\nexport type { Stop } from "./b.ts";\n';

  expect(exportsWithoutDocstring({ path: 'a.ts', text })).toEqual([]);
});
