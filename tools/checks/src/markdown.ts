/** A fenced block of code. */
export interface CodeBlock {
  /** The first word after the fence, '' if there is none. */
  readonly language: string;
  readonly code: string;
  /** Of its first line of code, counted from 1. */
  readonly line: number;
  /** What the comment `<!-- example: ... -->` on the line before the fence says, '' without one. A blank line may stand between. */
  readonly remark: string;
}

/** The fenced blocks of a page, indented ones not included. */
export function codeBlocks(text: string): CodeBlock[] {
  const lines = text.split('\n');
  const blocks: CodeBlock[] = [];
  let start = -1;
  lines.forEach((line, at) => {
    if (!line.startsWith('```')) return;
    if (start < 0) {
      start = at;
      return;
    }
    const [language = ''] = (lines[start] ?? '').slice(3).trim().split(' ');
    const before = lines[start - 1] === '' ? lines[start - 2] : lines[start - 1];
    const remark = /^<!-- example: (.+) -->$/.exec(before ?? '')?.[1] ?? '';
    blocks.push({ language, code: lines.slice(start + 1, at).join('\n'), line: start + 2, remark });
    start = -1;
  });
  return blocks;
}

/** The page without its fenced blocks; lines keep their numbers. */
function prose(text: string): string {
  let inside = false;
  return text
    .split('\n')
    .map((line) => {
      const fence = line.startsWith('```');
      if (fence) inside = !inside;
      return fence || inside ? '' : line;
    })
    .join('\n');
}

/** What the page puts between backticks outside of its fenced blocks. */
export function inlineCode(text: string): string[] {
  return [...prose(text).matchAll(/`([^`]+)`/g)].map(([, code]) => (code ?? '').replace(/\s+/g, ' '));
}

/** Titles of the page's headings, without markup. */
export function headings(text: string): string[] {
  return [...prose(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, title]) => (title ?? '').replaceAll('`', '').trim());
}

/** The anchors that a forge gives to the page's headings. */
export function anchors(text: string): string[] {
  const seen = new Map<string, number>();
  return headings(text).map((title) => {
    const slug = title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- ]/gu, '')
      .replaceAll(' ', '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${String(times)}`;
  });
}

/** Where the page's links lead, as they are written. */
export function linkTargets(text: string): string[] {
  return [
    ...prose(text)
      .replace(/`[^`]*`/g, '')
      .matchAll(/\]\(([^)\s]+)\)/g),
  ].map(([, target]) => target ?? '');
}
