import { markdownSentences } from './sentences.ts';
import type { Sentence } from './sentences.ts';
import { COMMENT_OR_STRING } from './vocabulary.ts';

/** A line of Markdown that stands between comments: nothing goes on over it. */
const BETWEEN = ['', '<!-- -->', ''];

/**
 * The sentences of a source file's comments: those that stand alone in their lines, runs of `//` lines together. Each has the
 * line at which its comment begins. Rules beyond those of a page:
 * - Lines with columns in them (two spaces in a row) are a table or a drawing, and left out.
 * - A tag such as `@param at` begins a paragraph and is not part of it. A `{@link}` is one word.
 */
export function commentSentences(source: string): Sentence[] {
  let begin = 0;
  let end = 0;
  const page = [...source.matchAll(COMMENT_OR_STRING)].flatMap(({ 0: comment, index }) => {
    const isAlone = source.slice(source.lastIndexOf('\n', index) + 1, index).trim() === '';
    if (!isAlone || !/^\/[*/]/.test(comment)) return [];
    const line = source.slice(0, index).split('\n').length;
    const goesOn = comment.startsWith('//') && line === end + 1;
    const lines = comment.replace(/^\/(?:\/|\*+)|\*\/$/g, '').split('\n');
    if (!goesOn) begin = line;
    // Nothing goes on behind a block.
    end = comment.startsWith('//') ? line : 0;
    const text = lines.flatMap((each) => paragraphLine(each.replace(/^\s*\* ?|^ /, '')).split('\n'));
    return [...(goesOn ? [] : BETWEEN), ...text].map((each) => ({ text: each, begin }));
  });
  return markdownSentences(page.map(({ text }) => text).join('\n')).map((sentence) => ({
    ...sentence,
    line: page[sentence.line - 1].begin,
  }));
}

function paragraphLine(line: string): string {
  if (/\S {2,}\S|^ {2,}/.test(line)) return '';
  return line.replaceAll(/\{@link ([^}]*)\}/g, '`$1`').replaceAll(/(?:^|\s)@(?:param \S+|[a-z]+\b)/g, '\n\n');
}
