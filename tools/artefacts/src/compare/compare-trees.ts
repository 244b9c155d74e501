import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/**
 * Every difference between the files of two folders, one a line: what only one has, other rights, other content.
 * @returns none if they are equal.
 */
export function compareTrees(first: string, second: string): readonly string[] {
  const [ours, theirs] = [first, second].map((folder) => new Set(filesBelow(folder)));
  return [...new Set([...ours, ...theirs])].toSorted().flatMap((name) => {
    if (!theirs.has(name)) return [`${name}: only the first build has it`];
    if (!ours.has(name)) return [`${name}: only the second build has it`];
    return differencesOf(name, join(first, name), join(second, name));
  });
}

function differencesOf(name: string, first: string, second: string): readonly string[] {
  const [mode, otherMode] = [first, second].map((file) => (statSync(file).mode & 0o777).toString(8));
  const [content, other] = [first, second].map((file) => readFileSync(file));
  const rights = mode === otherMode ? [] : [`${name}: rights are ${mode} and ${otherMode}`];
  if (content.equals(other)) return rights;
  const sizes = content.length === other.length ? '' : `, sizes are ${content.length} and ${other.length}`;
  return [...rights, `${name}: content differs from byte ${firstDifference(content, other)} on${sizes}`];
}

function firstDifference(first: Buffer, second: Buffer): number {
  const found = first.findIndex((byte, at) => byte !== second[at]);
  return found < 0 ? first.length : found;
}

/** Paths within a folder. */
function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)));
}
