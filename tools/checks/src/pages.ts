import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A page of the documentation. */
export interface Page {
  /** Relative to the workspace. */
  readonly path: string;
  readonly text: string;
}

/** Everything written for readers: the root's pages, `docs/`, and the README of each project. */
const PAGES = ['*.md', '.changeset/README.md', 'docs/**/*.md', '{packages,apps,tools}/*/README.md'];
const SOURCES = '{packages,apps,tools}/*/{src,test}/**/*.{ts,json}';

/**
 * The documentation of a workspace, in alphabetical order.
 * @param root the folder of the workspace
 */
export function readPages(root: string): Page[] {
  return read(root, PAGES);
}

/** The sources, tests and test vectors of a workspace, which may cite the documentation. */
export function readSources(root: string): Page[] {
  return read(root, [SOURCES]);
}

function read(root: string, patterns: string[]): Page[] {
  return globSync(patterns, { cwd: root })
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}
