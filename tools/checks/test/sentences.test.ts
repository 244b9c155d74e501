import { describe, expect, test } from 'vitest';
import { helpTexts } from './support/help-texts.ts';
import { PROGRAMS } from './support/node-program.ts';
import { readPages } from './support/pages.ts';
import { helpSentences, markdownSentences, MAX_WORDS } from './support/sentences.ts';
import type { Sentence } from './support/sentences.ts';
import { workspaceRoot } from '../src/workspace-root.ts';

const pages = readPages(workspaceRoot);

/** The sentences that are too long, each with its place. */
function tooLong(place: string, sentences: readonly Sentence[]): string[] {
  return sentences
    .filter(({ words }) => words > MAX_WORDS)
    .map(({ line, words, text }) => `${place}:${String(line)}: ${String(words)} words: ${text}`);
}

test.each(pages.map(({ path, text }) => [path, text]))('no sentence of %s has too many words', (path, text) => {
  expect(tooLong(path, markdownSentences(text))).toEqual([]);
});

test('no page has an abbreviation that looks like the end of a sentence', () => {
  const abbreviations = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\b(?:e\.g|i\.e|etc|vs|approx|resp)\./g)].map(([word]) => `${path}: ${word}`),
  );

  expect(abbreviations).toEqual([]);
});

/** Many processes, which a busy machine starts slowly. */
const HELP_TIMEOUT_MS = 300_000;

test.each(PROGRAMS)(
  'no sentence of what %s prints for --help has too many words',
  async (program) => {
    const texts = await helpTexts(program);
    const nested = texts.filter(({ command }) => command === 'lightspeed-proxy ticket issue');

    expect(texts.flatMap(({ command, text }) => tooLong(command, helpSentences(text)))).toEqual([]);
    expect(nested.length).toBe(program === 'lightspeed-proxy' ? 1 : 0);
  },
  HELP_TIMEOUT_MS,
);

/** What a page reads as: each sentence with the number of its words. */
const read = (page: string): [string, number][] => markdownSentences(page).map(({ text, words }) => [text, words]);

describe('on a page', () => {
  test.each<[string, string, [string, number][]]>([
    [
      'a sentence ends at its mark',
      'One two. Three? Four!',
      [
        ['One two.', 2],
        ['Three?', 1],
        ['Four!', 1],
      ],
    ],
    [
      'closing quotes and brackets belong to it',
      'He said "go." (So it went.) On.',
      [
        ['He said "go."', 3],
        ['(So it went.)', 3],
        ['On.', 1],
      ],
    ],
    [
      'colons, semicolons, numbers and names do not end it',
      'Three: 1.5 ms; then v1.2 of x.ts.',
      [['Three: 1.5 ms; then v1.2 of x.ts.', 7]],
    ],
    [
      'it goes on over lines of a paragraph',
      'One\ntwo\n\nthree',
      [
        ['One two', 2],
        ['three', 1],
      ],
    ],
    [
      'a heading is one',
      '# A title\nText.',
      [
        ['A title', 2],
        ['Text.', 1],
      ],
    ],
    [
      'items of lists end it, and may be wrapped',
      'Two:\n- one\n  more\n\n1. two',
      [
        ['Two:', 1],
        ['one more', 2],
        ['two', 1],
      ],
    ],
    [
      'a quoted paragraph is read',
      '> **Note.** It\n> is.',
      [
        ['Note.', 1],
        ['It is.', 2],
      ],
    ],
    [
      'each cell of a table is read apart',
      '| a b | c `x \\| y`. D |\n| --- | :-: |\n| e \\| f | |',
      [
        ['a b', 2],
        ['c x | y.', 2],
        ['D', 1],
        ['e | f', 2],
      ],
    ],
    ['code is one word, whatever is in it', 'Run `a b. c --d`, then `e`.', [['Run a b. c --d, then e.', 4]]],
    ['a link counts as its text', 'See [the page](docs/a_(b).md#c) and <https://x.example>.', [['See the page and https://x.example.', 5]]],
    ['an image counts as its description', '![two words](a.svg)', [['two words', 2]]],
    ['emphasis is not read', '_One_ **two**, a_b 3 * 4', [['One two, a_b 3 * 4', 5]]],
    ['signs alone are no words', 'a → b · c — d', [['a → b · c — d', 4]]],
    [
      'fenced code and comments are left out',
      'One.\n```sh\na b c\n```\n<!-- not\nread -->\nTwo.',
      [
        ['One.', 1],
        ['Two.', 1],
      ],
    ],
  ])('%s', (_rule, page, sentences) => {
    expect(read(page)).toEqual(sentences);
  });

  test('a sentence has the line at which its block begins', () => {
    expect(markdownSentences('a\n\n```\nb\n```\n\nc. d\ne').map(({ line }) => line)).toEqual([1, 7, 7]);
  });
});

test('in a help text paragraphs, indented lines and descriptions of options are read apart', () => {
  const help = [
    'Usage: thing [options]',
    '',
    'Does one thing. And',
    'another.',
    '',
    'Options:',
    '  -a, --all <N>   all of',
    '                  them. Yes',
    '  --none          none',
    '',
    'Examples:',
    '  $ thing --all',
    '  then wait',
  ].join('\n');

  expect(helpSentences(help).map(({ text, line }) => [text, line])).toEqual([
    ['Usage: thing [options]', 1],
    ['Does one thing.', 3],
    ['And another.', 3],
    ['Options:', 6],
    ['all of them.', 7],
    ['Yes', 7],
    ['none', 9],
    ['Examples:', 11],
    ['$ thing --all', 12],
    ['then wait', 13],
  ]);
});
