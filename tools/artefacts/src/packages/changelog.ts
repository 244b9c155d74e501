import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MAINTAINER } from './maintainer.ts';
import type { Product } from './product.ts';

/**
 * A changelog as Debian has it, with the changes of one version.
 * @param madeAtSecs when the version was made, in seconds since 1970.
 */
export function debianChangelog(product: Product, root: string, version: string, madeAtSecs: number): string {
  const changes = changesOf(product, root, version).map((text) => `  * ${text.replace(/\s+/g, ' ')}`);
  const date = new Date(madeAtSecs * 1_000).toUTCString().replace('GMT', '+0000');
  const lines = changes.length > 0 ? changes : ['  * No changes for users.'];
  return `${product.name} (${version}) unstable; urgency=medium\n\n${lines.flatMap(wrapped).join('\n')}\n\n -- ${MAINTAINER}  ${date}\n`;
}

/** From the changelog once the version is made, before that from the changesets that will make it. */
function changesOf({ app }: Product, root: string, version: string): readonly string[] {
  const file = join(root, 'apps', app, 'CHANGELOG.md');
  const sections = existsSync(file) ? readFileSync(file, 'utf8').split(/^## /m) : [];
  const section = sections.find((text) => text.startsWith(`${version}\n`));
  if (section !== undefined) return [...section.matchAll(/^- (?:[0-9a-f]{7}: )?(.+(?:\n {2}.+)*)/gm)].map(([, text]) => text);
  const folder = join(root, '.changeset');
  return readdirSync(folder)
    .toSorted()
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .filter((text) => text.includes(`'@lightspeed/${app}':`))
    .map((text) => text.split('---\n').at(-1)?.trim() ?? '');
}

const WIDTH = 78;

function wrapped(line: string): readonly string[] {
  const lines: string[] = [];
  let current = line.slice(0, 4);
  for (const word of line.slice(4).split(' ')) {
    if (current.length + word.length + 1 > WIDTH) {
      lines.push(current);
      current = '   ';
    }
    current += current.endsWith(' ') && lines.length === 0 ? word : ` ${word}`;
  }
  return [...lines, current];
}
