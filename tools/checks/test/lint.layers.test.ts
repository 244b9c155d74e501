import { expect, test } from 'vitest';
import { lintFiles, lintText } from './support/lint.ts';

const BOUNDARIES = '@nx/enforce-module-boundaries';

// What each project may import, as docs/ARCHITECTURE.md draws it. Tools may use everything.
const everyone = [
  'wire',
  'fec',
  'control',
  'security',
  'session',
  'udp',
  'capture',
  'probe',
  'choice',
  'commands',
  'proxy',
  'client',
  'netem',
  'bench',
  'lab',
];
const packages = ['wire', 'fec', 'control', 'security', 'session', 'udp', 'capture', 'probe', 'choice', 'commands'];
const mayUse: Record<string, readonly string[]> = {
  'packages/wire': [],
  'packages/memory': ['wire'],
  'packages/fec': ['wire', 'memory'],
  'packages/control': ['wire', 'memory'],
  'packages/security': ['wire', 'memory'],
  'packages/session': ['wire', 'memory', 'fec', 'control', 'security'],
  'packages/choice': ['wire'],
  'packages/udp': ['wire', 'memory'],
  'packages/capture': [],
  'packages/probe': ['wire'],
  'packages/commands': [],
  'apps/proxy': packages,
  'apps/client': packages,
  'tools/netem': [],
};

test('the fixture that imports against its layer fails lint, and its neighbour that keeps to it passes', async () => {
  const complaints = await lintFiles('tools/checks/fixtures/against-layers/src/*.ts');

  expect(complaints).toEqual([
    {
      file: 'tools/checks/fixtures/against-layers/src/against-its-layer.ts',
      line: 1,
      rule: BOUNDARIES,
      message: expect.stringContaining('can only depend on libs tagged with "layer:wire"') as string,
    },
  ]);
});

test.each(Object.keys(mayUse))('lint lets the sources of %s import the layers below and nothing else', async (project) => {
  const others = everyone.filter((name) => !project.endsWith(`/${name}`));
  const complaints = await lintText(`${project}/src/index.ts`, others.map((name) => `import '@lightspeed/${name}'\n`).join(''));

  const refused = complaints.filter(({ rule }) => rule === BOUNDARIES).map(({ line }) => others[line - 1]);
  expect(complaints.filter(({ rule }) => rule === 'fatal')).toEqual([]);
  expect(refused).toEqual(others.filter((name) => !mayUse[project]?.includes(name)));
});

test('tests of a package may use the network emulator, its sources may not', async () => {
  const text = "import '@lightspeed/netem'\n";

  expect(await lintText('packages/session/test/index.test.ts', text)).toEqual([]);
  expect((await lintText('packages/session/src/index.ts', text)).map(({ rule }) => rule)).toEqual([BOUNDARIES]);
});

test('a package is used by its public name only, not by reaching into its sources', async () => {
  const complaints = await lintText('packages/fec/src/index.ts', "import '../../wire/src/index.ts'\n");

  expect(complaints.map(({ rule }) => rule)).toEqual([BOUNDARIES]);
});
