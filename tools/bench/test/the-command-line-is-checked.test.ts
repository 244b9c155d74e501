import { expect, test } from 'vitest';
import { helpText, parseOptions } from '../src/options.ts';
import { SECTIONS } from '../src/sections.ts';

const parse = (line: string) => parseOptions(line === '' ? [] : line.split(' '), SECTIONS);

test('a whole run writes the page; a quick or partial one only prints, unless it is told otherwise', () => {
  expect(parse('').write).toBe(true);
  expect(parse('--no-write').write).toBe(false);
  expect(parse('--quick').write).toBe(false);
  expect(parse('--quick --write').write).toBe(true);
  expect(parse('--only micro').write).toBe(false);
});

test('arguments that pnpm passes on behind -- are options too', () => {
  expect(parse('-- --quick --json')).toMatchObject({ quick: true, json: true, only: undefined });
});

test.each([
  ['--only nginx', /--only takes micro, macro, peers.*, got 'nginx'/],
  ['--only peers --write', /--write takes a whole run/],
  ['--fast', /--fast/],
  ['everything', /everything/],
])('%s is refused, with what is wrong about it', (line, message) => {
  expect(() => parse(line)).toThrow(
    expect.objectContaining({ code: 'ERR_BENCH_USAGE', message: expect.stringMatching(message) as string }),
  );
});

test('the help tells of every section, every value of --only and every option', () => {
  const help = helpText(SECTIONS);
  const words = SECTIONS.flatMap(({ name, only }) => [name, ...only]);

  for (const word of [...words, '--quick', '--only', '--write', '--no-write', '--json', '--verbose', '--help'])
    expect(help).toContain(word);
});
