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

/** A block of text: a paragraph, a heading, an item of a list, a cell of a table. No sentence goes over its end. */
interface Block {
  readonly line: number;
  readonly text: string;
}

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
  return markdownBlocks(page).flatMap(sentencesOf);
}

/**
 * The sentences of what a program prints for `--help`. A paragraph is a block, and so is each indented line. An
 * option's description begins after two spaces. It goes on in lines that are indented as far.
 */
export function helpSentences(help: string): Sentence[] {
  const blocks: Block[] = [];
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
  return blocks.flatMap(sentencesOf);
}

const RULE = /^\s*\|?[\s:|-]+$/;

function markdownBlocks(page: string): Block[] {
  const blocks: Block[] = [];
  let fence = false;
  let open = false;
  const lines = page.replace(/(?<!`)<!--[\s\S]*?-->/g, (comment) => comment.replace(/[^\n]/g, '')).split('\n');
  lines.forEach((raw, at) => {
    const line = raw.replace(/^\s*(?:> ?)+/, '').trim();
    if (/^(?:```|~~~)/.test(line)) {
      fence = !fence;
      open = false;
      return;
    }
    if (fence) return;
    if (line === '' || RULE.test(line)) {
      open = false;
      return;
    }
    if (line.startsWith('|')) {
      blocks.push(...cells(line).map((text) => ({ line: at + 1, text })));
      open = false;
      return;
    }
    const heading = /^#{1,6} +(.*)$/.exec(line)?.[1];
    const item = /^(?:[-*+]|\d+[.)]) +(.*)$/.exec(line)?.[1];
    const previous = blocks.at(-1);
    if (open && heading === undefined && item === undefined && previous !== undefined) {
      blocks[blocks.length - 1] = { ...previous, text: `${previous.text} ${line}` };
    } else blocks.push({ line: at + 1, text: heading ?? item ?? line });
    open = heading === undefined;
  });
  return blocks;
}

/** The cells of a row; `|` between backticks or behind a backslash separates none. */
function cells(row: string): string[] {
  return (row.match(/(?:\\.|`[^`]*`|[^|\\`]|`)+/g) ?? []).map((cell) => cell.trim()).filter((cell) => cell !== '');
}

/** Stands for what is between backticks while sentences are told apart: neither white space nor the end of anything. */
const CODE = '\u{E000}';

function sentencesOf({ line, text }: Block): Sentence[] {
  const code: string[] = [];
  const plain = text
    .replace(/(`+)(.+?)\1/g, (_all, _ticks, inner: string) => {
      code.push(inner.trim());
      return CODE;
    })
    .replace(/!?\[([^\]]*)\]\((?:[^()\s]|\([^()]*\))*\)/g, '$1')
    .replace(/<(https?:[^>]*)>/g, '$1')
    .replace(/(?<![\p{L}\p{N}])[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}(?![\p{L}\p{N}])/gu, '')
    .replace(/\s+/g, ' ')
    .trim();
  const parts = plain.split(/(?<=[.!?]["'’”)\]]*) /).filter((part) => part !== '');
  return parts.map((part) => ({
    words: part.split(' ').filter((word) => /[\p{L}\p{N}\u{E000}]/u.test(word)).length,
    text: part.replaceAll(CODE, () => code.shift() ?? ''),
    line,
  }));
}
