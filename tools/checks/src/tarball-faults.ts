import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What the checks read of a package.json. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin?: Readonly<Record<string, string>>;
}

const SHIPPED =
  /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|dissector\/lightspeed\.lua|page\/[a-z]+\.(html|css|js)|dist\/.+(\.d\.ts|\.js|\.js\.map|\.wasm))$/;
const REQUIRED = ['README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts'];
// What resolves inside this workspace only.
const WORKSPACE_ONLY = ['@lightspeed/source', 'workspace:', 'devDependencies', '"nx"'];
const TYPESCRIPT_IMPORT = /(?:from|import)\s*\(?\s*['"]\.[^'"]*\.ts['"]/;

/**
 * Looks at an unpacked tarball with the eyes of someone who installs it.
 *
 * @param folder the unpacked package
 * @returns one sentence for each fault; none when the package is sound
 */
export function tarballFaults(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => statSync(join(folder, path)).isFile());
  const text = (path: string): string => readFileSync(join(folder, path), 'utf8');
  const manifestText = text('package.json');
  const { bin = {} } = JSON.parse(manifestText) as Manifest;

  return [
    ...REQUIRED.filter((path) => !files.includes(path)).map((path) => `${path} is missing.`),
    ...files.filter((path) => !SHIPPED.test(path)).map((path) => `${path} does not belong into a published package.`),
    ...WORKSPACE_ONLY.filter((words) => manifestText.includes(words)).map((words) => `package.json mentions ${words}.`),
    ...files
      .filter((path) => path.endsWith('.js') && TYPESCRIPT_IMPORT.test(text(path)))
      .map((path) => `${path} imports a TypeScript source.`),
    ...Object.entries(bin)
      .filter(([, path]) => !existsSync(join(folder, path)) || !text(path).startsWith('#!/usr/bin/env node\n'))
      .map(([name, path]) => `The program ${name} (${path}) is missing or does not start with "#!/usr/bin/env node".`),
  ];
}
