import { dirname, normalize } from 'node:path/posix';
import type { Page } from './pages.ts';

/** What imports what, by name; types included. */
export type Imports = ReadonlyMap<string, ReadonlySet<string>>;

const IMPORT = /(?:from |import\()'(\.{1,2}\/[^']+)'/g;

/** What each file imports of the files beside it. */
export function importsOf(files: readonly Page[]): Imports {
  return new Map(
    files.map(({ path, text }) => [
      path,
      new Set([...text.matchAll(IMPORT)].map(([, target = '']) => normalize(`${dirname(path)}/${target}`))),
    ]),
  );
}

/** The same of the folders that files are in. */
export function folderImports(files: Imports): Imports {
  const folders = new Map<string, Set<string>>();
  for (const [file, targets] of files) {
    const folder = dirname(file);
    const others = folders.get(folder) ?? new Set();
    for (const target of targets) if (dirname(target) !== folder) others.add(dirname(target));
    folders.set(folder, others);
  }
  return folders;
}

/** Ways that lead back to where they began, one for each import that closes such a way: `a -> b -> a`. */
export function circles(imports: Imports): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (name: string, way: readonly string[]): void => {
    const at = way.indexOf(name);
    if (at >= 0) found.push([...way.slice(at), name].join(' -> '));
    if (at >= 0 || done.has(name)) return;
    for (const target of imports.get(name) ?? []) walk(target, [...way, name]);
    done.add(name);
  };
  for (const name of imports.keys()) walk(name, []);
  return found;
}
