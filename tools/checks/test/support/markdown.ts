import GithubSlugger from 'github-slugger';
import type { Nodes } from 'mdast';
import { toString } from 'mdast-util-to-string';
import { remark } from 'remark';
import remarkGfm from 'remark-gfm';

const parser = remark().use(remarkGfm);

const known = new Map<string, Nodes[]>();

/** The nodes of a page's syntax tree, each before what is in it. Pages are parsed once, as many ask for the same ones. */
export function nodesOf(text: string): readonly Nodes[] {
  const nodes = known.get(text) ?? withChildren(parser.parse(text));
  known.set(text, nodes);
  return nodes;
}

function withChildren(node: Nodes): Nodes[] {
  return [node, ...('children' in node ? node.children.flatMap(withChildren) : [])];
}

/** A fenced block of code. */
export interface CodeBlock {
  /** The first word after the fence, '' if there is none. */
  readonly language: string;
  readonly code: string;
  /** Of its first line of code, counted from 1. */
  readonly line: number;
  /** What the comment `<!-- example: ... -->` before the block says, '' without one. */
  readonly remark: string;
}

/** The fenced blocks of a page; those that are only indented, and what is in lists, are not among them. */
export function codeBlocks(text: string): CodeBlock[] {
  return parser.parse(text).children.flatMap((node, at, all) => {
    if (node.type !== 'code' || text[node.position?.start.offset ?? 0] !== '`') return [];
    const before = all[at - 1];
    const [, said = ''] = (before?.type === 'html' && /^<!-- example: (.+) -->$/.exec(before.value)) || [];
    return { language: node.lang ?? '', code: node.value, line: lineOf(node) + 1, remark: said };
  });
}

/** Of a node's first line, counted from 1. */
export function lineOf({ position }: Nodes): number {
  return position?.start.line ?? 1;
}

/** What the page puts between backticks outside of its fenced blocks. */
export function inlineCode(text: string): string[] {
  return nodesOf(text).flatMap((node) => (node.type === 'inlineCode' ? [node.value.replace(/\s+/g, ' ')] : []));
}

/** Titles of the page's headings, without markup. */
export function headings(text: string): string[] {
  return nodesOf(text).flatMap((node) => (node.type === 'heading' ? [toString(node)] : []));
}

/** The anchors that a forge gives to the page's headings. */
export function anchors(text: string): string[] {
  const slugger = new GithubSlugger();
  return headings(text).map((title) => slugger.slug(title));
}

/** Where the page's links lead, as they are written. */
export function linkTargets(text: string): string[] {
  return nodesOf(text).flatMap((node) => ('url' in node ? [node.url] : []));
}
