import { describe, expect, test } from 'vitest';
import { commentSentences } from './support/comment-sentences.ts';
import { MAX_WORDS } from './support/sentences.ts';
import { readWorkspace } from './support/pages.ts';
import { workspaceRoot } from '../src/workspace-root.ts';

const sources = readWorkspace(workspaceRoot).filter(({ path }) => /^(?:packages|apps|tools)\/[^/]+\/src\/.+\.ts$/.test(path));

test('no sentence of a comment in the sources has too many words', () => {
  const sentences = sources.flatMap(({ path, text }) => commentSentences(text).map((sentence) => ({ path, ...sentence })));
  const faults = sentences
    .filter(({ words }) => words > MAX_WORDS)
    .map(({ path, line, words, text }) => `${path}:${String(line)}: ${String(words)} words: ${text}`);

  expect(sentences.length).toBeGreaterThan(2_000);
  expect(faults).toEqual([]);
});

/** What a source's comments read as. */
const read = (source: string): string[] => commentSentences(source).map(({ text }) => text);

describe('in a source file', () => {
  test.each<[string, string, string[]]>([
    ['a sentence goes on over lines of a block', '/**\n * One\n * two. Three.\n */', ['One two.', 'Three.']],
    ['a block may be one line', '  /** One. */\n  one();', ['One.']],
    ['lines of a run belong together', '// One\n// two.\ngo();\n// Three.', ['One two.', 'Three.']],
    ['an empty line ends a sentence', '/*\n * One\n *\n * two\n */', ['One', 'two']],
    ['tags begin a paragraph', '/**\n * One\n * @param at two\n * @returns three\n */', ['One', 'two', 'three']],
    ['a link is one word', '/** See {@link one two}. */', ['See one two.']],
    ['tables and fenced code are left out', '/**\n * One.\n *   a   b\n * ```\n * two\n * ```\n */', ['One.']],
    ['code is not read', 'const text = "One. Two.";\ngo(); // Three.', []],
  ])('%s', (_rule, source, sentences) => {
    expect(read(source)).toEqual(sentences);
  });

  test('a sentence has the line at which its comment begins', () => {
    expect(commentSentences('\n/**\n * One.\n */')).toEqual([{ text: 'One.', words: 1, line: 2 }]);
  });
});
