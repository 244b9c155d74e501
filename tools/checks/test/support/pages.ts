import { readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { mustRun } from '../../src/run.ts';

/** A text file of the workspace, such as a page of the documentation. */
export interface Page {
  /** Relative to the workspace. */
  readonly path: string;
  readonly text: string;
}

const BINARY = /\.(?:png|jpe?g|gif|ico|wasm|gz|woff2?)$/;
/** Everything written for readers: the root's pages, `docs/`, and the README of each project. */
const PAGES = '{*.md,.changeset/README.md,docs/**/*.md,{packages,apps,tools}/*/README.md}';
const SOURCES = '{packages,apps,tools}/*/{src,test}/**/*.{ts,json}';

/**
 * The text files of a workspace that Git knows or would take in, in alphabetical order.
 * @param root the folder of the workspace
 */
export function readWorkspace(root: string, glob = '**'): Page[] {
  // What was deleted but not yet committed is still listed as known.
  const deleted = new Set(mustRun('git', ['ls-files', '-z', '--deleted'], root).split('\0'));
  const listed = mustRun('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'], root).split('\0');
  return listed
    .filter((path) => path !== '' && !BINARY.test(path) && !deleted.has(path) && (glob === '**' || matchesGlob(path, glob)))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** The documentation of a workspace, in alphabetical order. */
export function readPages(root: string): Page[] {
  return readWorkspace(root, PAGES);
}

/** The sources, tests and test vectors of a workspace, which may cite the documentation. */
export function readSources(root: string): Page[] {
  return readWorkspace(root, SOURCES);
}
