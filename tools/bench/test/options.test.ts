import { expect, test } from 'vitest';
import { PARTS, helpText, parseOptions } from '../src/options.ts';

const parse = (line: string) => parseOptions(line === '' ? [] : line.split(' '));

test('a whole run writes the page; a quick or partial one only prints', () => {
  expect(parse('').write).toBe(true);
  expect(parse('--no-write').write).toBe(false);
  expect(parse('--quick').write).toBe(false);
  expect(parse('--only micro').write).toBe(false);
  expect(parse('--capture').write).toBe(false);
});

test('arguments that pnpm passes on behind -- are options too', () => {
  expect(parse('-- --quick --json')).toMatchObject({ quick: true, json: true, only: undefined });
});

test('another checkout is compared with in as many pairs as are asked for', () => {
  expect(parse('--against ../base --wildcard --pairs 4')).toMatchObject({ against: '../base', wildcard: true, pairs: 4 });
  expect(parse('--against ../base --quick')).toMatchObject({ quick: true, wildcard: false, pairs: undefined });
});

test('captures are measured alone, in short if asked for, and for programs', () => {
  expect(parse('--capture --quick --json')).toMatchObject({ capture: true, quick: true, json: true });
  expect(parse('--only relays').capture).toBe(false);
});

test('the start of a node is measured alone, and writes no page', () => {
  expect(parse('--start --quick --json')).toMatchObject({ start: true, quick: true, json: true, write: false });
  expect(parse('--start').write).toBe(false);
  expect(parse('--start --against ../base')).toMatchObject({ start: true, against: '../base' });
});

test.each([
  ['--only nginx', /--only takes micro, relays, scale, got 'nginx'/],
  ['--fast', /--fast/],
  ['everything', /everything/],
  ['--gate --quick', /--gate does not go with --quick/],
  ['--capture --only micro', /--capture does not go with --only/],
  ['--against x --only micro', /--against does not go with --only/],
  ['--start --only micro', /--start does not go with --only/],
  ['--wildcard', /go with --against/],
  ['--start --against x --pairs 4', /--start does not go with --pairs/],
  ['--against x --pairs 0', /--pairs takes a number above 0, got '0'/],
])('%s is refused, with what is wrong about it', (line, message) => {
  expect(() => parse(line)).toThrow(expect.objectContaining({ code: 'ERR_LAB_USAGE', message: expect.stringMatching(message) as string }));
});

test('the help tells of every part and every option', () => {
  const words = [
    '--quick',
    '--only',
    '--no-write',
    '--json',
    '--gate',
    '--capture',
    '--start',
    '--against',
    '--wildcard',
    '--pairs',
    '--help',
  ];

  for (const word of [...Object.keys(PARTS), ...words]) expect(helpText()).toContain(word);
});
