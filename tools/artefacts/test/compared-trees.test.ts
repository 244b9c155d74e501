import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@lightspeed/lab';
import { expect, it } from 'vitest';
import { compareTrees } from '../src/compare/compare-trees.ts';

async function twoFolders(first: Readonly<Record<string, string>>, second: Readonly<Record<string, string>>) {
  const folder = await temporaryFolder();
  const paths = [first, second].map((files, index) => {
    const path = join(folder.path, String(index));
    mkdirSync(join(path, 'in'), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
    return path;
  });
  return { first: paths[0] ?? '', second: paths[1] ?? '', [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

it('finds nothing between equal folders', async () => {
  await using folders = await twoFolders({ a: '1', 'in/b': '2' }, { 'in/b': '2', a: '1' });

  expect(compareTrees(folders.first, folders.second)).toEqual([]);
});

it('names what only one has, where content differs, and both sizes', async () => {
  await using folders = await twoFolders({ a: '1', same: 'abc', 'in/long': 'abcd' }, { b: '1', same: 'abX', 'in/long': 'abc' });

  expect(compareTrees(folders.first, folders.second)).toEqual([
    'a: only the first build has it',
    'b: only the second build has it',
    'in/long: content differs from byte 3 on, sizes are 4 and 3',
    'same: content differs from byte 2 on',
  ]);
});

it('names rights that differ', async () => {
  await using folders = await twoFolders({ a: '1' }, { a: '1' });
  chmodSync(join(folders.first, 'a'), 0o644);
  chmodSync(join(folders.second, 'a'), 0o600);

  expect(compareTrees(folders.first, folders.second)).toEqual(['a: rights are 644 and 600']);
});
