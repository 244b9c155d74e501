import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { glossary, withoutGlossary } from './support/glossary.ts';
import { findWords, hasConnections, namesOf } from './support/vocabulary.ts';
import { readWorkspace } from './support/pages.ts';
import { workspaceRoot } from '../src/workspace-root.ts';

const PAGE = 'CONTRIBUTING.md';
const terms = glossary(readFileSync(join(workspaceRoot, PAGE), 'utf8'));
const files = readWorkspace(workspaceRoot);

/** Files that others wrote, or that tell of the past. */
const EXEMPT = /(?:^|\/)(?:pnpm-lock\.yaml|CHANGELOG\.md)$/;
const TUNNEL_AND_FLEET = /^(?:packages\/session\/src\/tunnel|apps\/client\/src)\//;

describe('the glossary', () => {
  test('is sorted, without doubles, and gives every term a meaning', () => {
    const names = terms.map(({ term }) => term);

    expect(names).toEqual([...new Set(names)].sort());
    expect(terms.filter(({ meaning }) => !/^.+\.$/.test(meaning))).toEqual([]);
  });

  test('replaces no word by itself', () => {
    const replaced = terms.flatMap(({ notAnywhere }) => notAnywhere);

    expect(replaced.length).toBeGreaterThanOrEqual(9);
    expect(terms.filter(({ term }) => findWords(term, replaced).length > 0)).toEqual([]);
  });
});

test('no file has a word that the glossary has replaced, in its name or in its text', () => {
  const replaced = terms.flatMap(({ notAnywhere }) => notAnywhere);
  const held = files.filter(({ path }) => !EXEMPT.test(path));
  const faults = held.flatMap(({ path, text }) => [
    ...findWords(path, replaced).map(({ word }) => `${path}: its name has "${word}"`),
    ...findWords(path === PAGE ? withoutGlossary(text) : text, replaced).map(({ word, line }) => `${path}:${String(line)}: "${word}"`),
  ]);

  expect(held.length).toBeGreaterThan(100);
  expect(faults).toEqual([]);
});

test('nothing of tunnel and fleet is named by a word that the glossary has replaced there', () => {
  const replaced = terms.flatMap(({ notInTunnelAndFleet }) => notInTunnelAndFleet);
  const held = files.filter(({ path }) => TUNNEL_AND_FLEET.test(path) && path.endsWith('.ts'));
  const faults = held.flatMap(({ path, text }) => {
    const banned = hasConnections(text) ? replaced.filter((word) => word !== 'connection') : replaced;
    return [
      ...findWords(path, banned).map(({ word }) => `${path}: its name has "${word}"`),
      ...findWords(namesOf(text), banned).map(({ word, line }) => `${path}:${String(line)}: "${word}"`),
    ];
  });

  expect(replaced.length).toBeGreaterThanOrEqual(4);
  expect(held.length).toBeGreaterThan(20);
  expect(faults).toEqual([]);
});

describe('a word is found', () => {
  test.each([
    ['in a name of several words', 'const bigGate = GATE_MS + aGate.ms;', ['gate', 'gate', 'gate']],
    ['in the plural', 'two gates, and a box; boxes', ['gate', 'box', 'box']],
    ['in a metric and in a flag', 'lightspeed_gate_total --no-gate', ['gate', 'gate']],
    [
      'as a compound, in every form of its verb',
      'passOver PASS_OVER pass-over passed over passes over',
      ['pass-over', 'pass-over', 'pass-over', 'pass-over'],
    ],
    ['as a compound at the end of a comment line', ' * is passing\n * over', ['pass-over']],
    ['but not within another word', 'investigate delegates boxer gateway', []],
  ])('%s', (_where, text, found) => {
    const words = findWords(text, ['gate', 'box', 'pass-over']).map(({ word }) => word);

    expect(words.sort()).toEqual([...found].sort());
  });

  test('with its line', () => {
    expect(findWords('one\ntwo gate\nthree', ['gate'])).toEqual([{ word: 'gate', line: 2 }]);
  });
});

test('names are what is left of a source without comments and texts, but with flags, metrics and what templates put in', () => {
  const source = [
    "const gate = 'no gate'; // a gate",
    '/* gates\n gates */ use("--gate <n> gates", \'lightspeed_gate_total\', `a ${gate.of} gate`);',
    "const quote = 'it\\'s'; next();",
  ].join('\n');

  expect(findWords(namesOf(source), ['gate']).map(({ line }) => line)).toEqual([1, 3, 3, 3]);
  expect(namesOf(source)).toContain('next();');
});

test('a glossary is read from its section only, and that section is taken out', () => {
  const page =
    '## One\n\n| a | b |\n\n## Glossary\n\n| term | meaning | x | y |\n| - | - | - | - |\n| gate | A way in. | slot, hole | bar |\n\n## Two\n';

  expect(glossary(page)).toEqual([{ term: 'gate', meaning: 'A way in.', notAnywhere: ['slot', 'hole'], notInTunnelAndFleet: ['bar'] }]);
  expect(
    withoutGlossary(page)
      .split('\n')
      .filter((line) => line !== ''),
  ).toEqual(['## One', '| a | b |', '## Two']);
  expect(glossary('## Two\n')).toEqual([]);
});
