import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deleteStaleOutput } from '../src/stale-output.ts';
import { tarballFaults } from '../src/tarball-faults.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lightspeed-tarball-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const sound = {
  'package.json': '{ "name": "x", "bin": { "x": "./dist/main.js" } }',
  'README.md': '# x',
  LICENSE: 'MIT',
  'dist/index.js': "import './main.js'\n",
  'dist/index.d.ts': "export type { A } from './a.ts'\n",
  'dist/main.js': '#!/usr/bin/env node\n',
};

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

test('a sound package has no fault', () => {
  write(sound);

  expect(tarballFaults(folder)).toEqual([]);
});

test.each([
  ['a source', { 'src/index.ts': '' }, 'src/index.ts does not belong into a published package.'],
  ['build state', { 'dist/tsconfig.lib.tsbuildinfo': '' }, 'dist/tsconfig.lib.tsbuildinfo does not belong into a published package.'],
  [
    'the source condition',
    { 'package.json': '{ "exports": { "@lightspeed/source": "./src/index.ts" } }' },
    'package.json mentions @lightspeed/source.',
  ],
  ['a workspace range', { 'package.json': '{ "dependencies": { "y": "workspace:^" } }' }, 'package.json mentions workspace:.'],
  ['an import of a source', { 'dist/index.js': "export { a } from './a.ts'\n" }, 'dist/index.js imports a TypeScript source.'],
  [
    'an import of a package that is not declared',
    { 'dist/index.js': "import { connect } from '@quic/library/client';\nimport 'node:fs';\n" },
    'dist/index.js imports @quic/library, which is not among the dependencies: whoever installs the package may not have it.',
  ],
  [
    'a package that is loaded late, and is only a peer',
    {
      'package.json': '{ "name": "x", "peerDependencies": { "quic": "1" } }',
      'dist/index.js': "const quic = createRequire(import.meta.url)('quic');\nexport const later = () => import('quic');\n",
    },
    'dist/index.js imports quic, which is not among the dependencies: whoever installs the package may not have it.',
  ],
  [
    'a program that no shell can start',
    { 'dist/main.js': '' },
    'The program x (./dist/main.js) is missing or does not start with "#!/usr/bin/env node".',
  ],
  [
    'a program that is not there',
    { 'package.json': '{ "bin": { "x": "./dist/x.js" } }' },
    'The program x (./dist/x.js) is missing or does not start with "#!/usr/bin/env node".',
  ],
])('%s is a fault', (_, files, fault) => {
  write({ ...sound, ...files });

  expect(tarballFaults(folder)).toEqual([fault]);
});

test.each(['README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts'])('a package without %s is faulty', (path) => {
  write({ ...sound, 'package.json': '{}' });
  rmSync(join(folder, path));

  expect(tarballFaults(folder)).toContain(`${path} is missing.`);
});

test('output of a deleted source is deleted, other output stays', () => {
  write({
    'src/a/kept.ts': '',
    'dist/a/kept.js': '',
    'dist/a/kept.d.ts': '',
    'dist/gone.js': '',
    'dist/gone.js.map': '',
    'dist/kernel.wasm': '',
  });

  expect(deleteStaleOutput(join(folder, 'dist'), join(folder, 'src')).sort()).toEqual(['gone.js', 'gone.js.map']);
  expect(existsSync(join(folder, 'dist/a/kept.js'))).toBe(true);
  expect(existsSync(join(folder, 'dist/kernel.wasm'))).toBe(true);
});
