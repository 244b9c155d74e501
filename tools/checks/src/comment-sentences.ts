import type { Sentence } from './sentences.ts';
import { markdownSentences } from './sentences.ts';

/** A comment's text, line by line. */
interface Comment {
  /** Line of the file at which it begins, counted from 1. */
  readonly line: number;
  readonly lines: readonly string[];
}

/**
 * The sentences of a source file's comments: blocks, and runs of `//` lines that stand alone. Rules beyond those of a page:
 * - Lines with columns in them (two spaces in a row) are a table or a drawing, and left out.
 * - A tag such as `@param at` begins a paragraph and is not part of it. A `{@link}` is one word.
 */
export function commentSentences(source: string): Sentence[] {
  return commentsOf(source).flatMap(({ line, lines }) =>
    markdownSentences(lines.map(paragraphLine).join('\n')).map((sentence) => ({ ...sentence, line })),
  );
}

function paragraphLine(line: string): string {
  if (/\S {2,}\S|^ {2,}/.test(line)) return '';
  return line.replaceAll(/\{@link ([^}]*)\}/g, '`$1`').replaceAll(/(?:^|\s)@(?:param \S+|[a-z]+\b)/g, '\n\n');
}

function commentsOf(source: string): Comment[] {
  const comments: Comment[] = [];
  let block: string[] | undefined;
  let isRun = false;
  source.split('\n').forEach((raw, at) => {
    const text = raw.trim();
    if (block !== undefined) {
      block.push(text.replace(/\*\/$/, '').replace(/^\* ?/, ''));
      if (text.endsWith('*/')) block = undefined;
      return;
    }
    const opened = /^\/\*\*?(?: (.*))?$/.exec(text);
    const single = /^\/\/ ?(.*)$/.exec(text);
    if (opened !== null) {
      const lines = [(opened[1] ?? '').replace(/\*\/$/, '')];
      comments.push({ line: at + 1, lines });
      if (!text.endsWith('*/')) block = lines;
    } else if (single !== null) {
      const run = isRun ? comments.at(-1) : undefined;
      const lines = [...(run?.lines ?? []), single[1] ?? ''];
      if (run === undefined) comments.push({ line: at + 1, lines });
      else comments[comments.length - 1] = { ...run, lines };
    }
    isRun = single !== null;
  });
  return comments;
}
