import type { Nodes } from 'mdast';
import { lineOf, nodesOf } from './markdown.ts';

/** A sentence as a reader meets it. */
export interface Sentence {
  /** Without markup; code stands as it is, without its backticks. */
  readonly text: string;
  readonly words: number;
  /** Line at which its block begins, counted from 1. */
  readonly line: number;
}

/** The most words that a sentence of the documentation or of a help text may have. */
export const MAX_WORDS = 25;

/**
 * The sentences of a Markdown page. Rules:
 * - Fenced code, HTML comments and lines of a table that only rule are left out.
 * - A heading, a list item, a paragraph and each cell of a table is a block. A block ends the sentence in it.
 * - Within a block a sentence ends at `.`, `!` or `?` before white space, closing quotes and brackets included. Colons and semicolons
 *   do not end one. So an abbreviation with a full stop ends a sentence too: the documentation has none.
 * - Code in backticks is one word, with what is written against it. A link counts as its text, an image as its description.
 * - Words are what white space separates, if there is a letter or a digit in it.
 */
export function markdownSentences(page: string): Sentence[] {
  return nodesOf(page).flatMap((node) => {
    if (node.type !== 'paragraph' && node.type !== 'heading' && node.type !== 'tableCell') return [];
    const code: string[] = [];
    const text = textOf(node, code).replace(/\s+/g, ' ').trim();
    const parts = text.split(/(?<=[.!?]["'’”)\]]*) /).filter((part) => part !== '');
    return parts.map((part) => ({
      text: part.replaceAll(CODE, () => code.shift() ?? ''),
      words: part.split(' ').filter((word) => /[\p{L}\p{N}\u{E000}]/u.test(word)).length,
      line: lineOf(node),
    }));
  });
}

/** Stands for what is between backticks while sentences are told apart: neither white space nor the end of anything. */
const CODE = '\u{E000}';

/** A node without markup. What is between backticks goes into `code`. */
function textOf(node: Nodes, code: string[]): string {
  if ('children' in node) return node.children.map((child) => textOf(child, code)).join('');
  if (node.type === 'image') return node.alt ?? '';
  if (node.type === 'html') return node.value.startsWith('<!--') ? '' : node.value;
  if (node.type === 'inlineCode') code.push(node.value);
  return node.type === 'inlineCode' ? CODE : 'value' in node ? node.value : ' ';
}

/**
 * The sentences of what a program prints for `--help`. A paragraph is a block, and so is each indented line. An
 * option's description begins after two spaces. It goes on in lines that are indented as far.
 */
export function helpSentences(help: string): Sentence[] {
  const blocks: { readonly line: number; readonly text: string }[] = [];
  let column = -1;
  help.split('\n').forEach((line, at) => {
    const indent = line.search(/\S/);
    const previous = blocks.at(-1);
    if (indent < 0) column = -1;
    else if (indent === column && previous !== undefined) blocks[blocks.length - 1] = { ...previous, text: `${previous.text} ${line}` };
    else {
      const described = /^ +\S+(?: \S+)* {2,}(?=\S)/.exec(line);
      column = described?.[0].length ?? (indent === 0 ? 0 : -1);
      blocks.push({ line: at + 1, text: line.slice(described?.[0].length ?? 0) });
    }
  });
  return blocks.flatMap(({ line, text }) => markdownSentences(text.trim()).map((sentence) => ({ ...sentence, line })));
}
