import { expect, test } from 'vitest';
import { circles, folderImports, importsOf } from '../src/import-circles.ts';
import { readWorkspace } from '../src/workspace-files.ts';
import { workspaceRoot } from '../src/workspace-root.ts';

/** Projects whose files are held to it, and apps whose folders are too. */
const FILES = /^(?:packages\/[^/]+|apps\/proxy)\/src\/.*\.ts$/;
const FOLDERS = /^apps\/proxy\/src\/.*\.ts$/;

const sources = readWorkspace(workspaceRoot).filter(({ path }) => FILES.test(path));

test('no file imports itself by way of others, types included', () => {
  expect(sources.length).toBeGreaterThan(200);
  expect(circles(importsOf(sources))).toEqual([]);
});

test('no two folders of an app import each other', () => {
  const files = importsOf(sources.filter(({ path }) => FOLDERS.test(path)));
  expect(circles(folderImports(files))).toEqual([]);
});

test('a circle is found, of files and of folders, types included', () => {
  const files = importsOf([
    { path: 'src/a/one.ts', text: "import type { B } from '../b/two.ts';" },
    { path: 'src/b/two.ts', text: "export { c } from './three.ts';" },
    { path: 'src/b/three.ts', text: "const a = await import('../a/four.ts');" },
    { path: 'src/a/four.ts', text: '' },
  ]);
  expect(circles(files)).toEqual([]);
  expect(circles(folderImports(files))).toEqual(['src/a -> src/b -> src/a']);
  const closed = importsOf([
    { path: 'src/one.ts', text: "import { two } from './two.ts';" },
    { path: 'src/two.ts', text: "import type { One } from './one.ts';" },
  ]);
  expect(circles(closed)).toEqual(['src/one.ts -> src/two.ts -> src/one.ts']);
});
