import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
}

/**
 * What the licences of bundled libraries want to be passed on: each package's name, version, licence and its text.
 * @param modules paths of the bundled files; those outside of `node_modules` are ours
 */
export function licenceTexts(modules: Iterable<string>): string {
  const folders = new Set([...modules].filter((file) => file.includes('/node_modules/')).map(packageFolder));
  return [...folders]
    .map(licenceText)
    .sort((a, b) => (a < b ? -1 : 1))
    .join('\n');
}

function packageFolder(file: string): string {
  let folder = dirname(file);
  while (!hasName(folder)) folder = dirname(folder);
  return folder;
}

/** A package may have further manifests in it, which say only how modules are to be read. */
function hasName(folder: string): boolean {
  return existsSync(join(folder, 'package.json')) && manifestIn(folder).name !== undefined;
}

function licenceText(folder: string): string {
  const { name, version, license } = manifestIn(folder);
  const file = readdirSync(folder).find((each) => /^licen[cs]e(\.|-|$)/i.test(each));
  const text = file === undefined ? 'The package has no further text.' : readFileSync(join(folder, file), 'utf8').trim();
  return `${name} ${version} (${license})\n\n${text}\n\n${'-'.repeat(80)}\n`;
}

function manifestIn(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}
