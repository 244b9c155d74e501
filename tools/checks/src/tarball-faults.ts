import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';

/** What the checks read of a package.json. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const SHIPPED =
  /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|dissector\/lightspeed\.lua|page\/[a-z]+\.(html|css|js)|dist\/.+(\.d\.ts|\.js|\.js\.map|\.wasm))$/;
const REQUIRED = ['README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts'];
// What resolves inside this workspace only.
const WORKSPACE_ONLY = ['@lightspeed/source', 'workspace:', 'devDependencies', '"nx"'];
/** What is imported from another package: by a statement, or by a call of `import`, `require` or `resolve`. */
const PACKAGE_IMPORT =
  /^(?:import\b(?:[^'";=]*\bfrom)?|export\b[^'";=]*\bfrom)\s*'([@a-z][^'\n]*)'|(?:\bimport|\b(?:meta|require)\.resolve|\brequire|createRequire\(import\.meta\.url\))\('([@a-z][^'\n]*)'\)/gm;
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
  const { name: own, bin = {}, dependencies = {} } = JSON.parse(manifestText) as Manifest;
  const isDeclared = (name: string) => name === own || isBuiltin(name) || Object.hasOwn(dependencies, name);

  return [
    ...REQUIRED.filter((path) => !files.includes(path)).map((path) => `${path} is missing.`),
    ...files.filter((path) => !SHIPPED.test(path)).map((path) => `${path} does not belong into a published package.`),
    ...WORKSPACE_ONLY.filter((words) => manifestText.includes(words)).map((words) => `package.json mentions ${words}.`),
    ...files
      .filter((path) => path.endsWith('.js') && TYPESCRIPT_IMPORT.test(text(path)))
      .map((path) => `${path} imports a TypeScript source.`),
    ...files
      .filter((path) => path.endsWith('.js') && path.startsWith('dist/'))
      .flatMap((path) => importedPackages(text(path)).map((name) => ({ path, name })))
      .filter(({ name }) => !isDeclared(name))
      .map(
        ({ path, name }) => `${path} imports ${name}, which is not among the dependencies: whoever installs the package may not have it.`,
      ),
    ...Object.entries(bin)
      .filter(([, path]) => !existsSync(join(folder, path)) || !text(path).startsWith('#!/usr/bin/env node\n'))
      .map(([name, path]) => `The program ${name} (${path}) is missing or does not start with "#!/usr/bin/env node".`),
  ];
}

/** The names of packages that a module imports, without what they name inside of those. */
function importedPackages(source: string): string[] {
  const names = [...source.matchAll(PACKAGE_IMPORT)]
    .map(([, stated, called]) => stated ?? called ?? '')
    .map((specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'));
  return [...new Set(names)];
}
