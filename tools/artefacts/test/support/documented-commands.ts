import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WORKSPACE } from '../../src/base/workspace.ts';

/**
 * The commands that a section of a page tells its readers to run, line by line.
 * @param page within the workspace
 * @param blocks how many of the section's shell blocks count; all of them unless it is given
 * @throws {Error} if the page has no such section
 */
export function commandsUnder(page: string, heading: string, blocks = Infinity): readonly string[] {
  const [, rest] = readFileSync(join(WORKSPACE, page), 'utf8').split(`\n## ${heading}\n`);
  if ((rest as string | undefined) === undefined) throw new Error(`${page} has no section "${heading}"`);
  const [section] = rest.split('\n## ');
  return [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].slice(0, blocks).flatMap(([, code]) => code.trim().split('\n'));
}

/** A command with what its reader would put in place of the page's examples. */
export function filledIn(command: string, replacements: ReadonlyMap<string, string>): string {
  return [...replacements].reduce((text, [example, own]) => text.replaceAll(example, own), command);
}
