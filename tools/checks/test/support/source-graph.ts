import { dirname, join } from 'node:path';
import type { Page } from './pages.ts';

/** Which files a source file imports by a relative path, types included. Both are paths from the workspace's root. */
export type SourceGraph = ReadonlyMap<string, readonly string[]>;

const IMPORT = /^(?:import|export)\b[^;]*?from '(\.[^']+)'/gm;

/** The relative imports of a file's text. */
export function relativeImports(file: string, text: string): string[] {
  return [...text.matchAll(IMPORT)].map(([, path = '']) => join(dirname(file), path));
}

/** The graph of all TypeScript sources among the given files; tests and data are left out. */
export function sourceGraph(files: readonly Page[]): SourceGraph {
  const sources = files.filter(({ path }) => /^[^/]+\/[^/]+\/src\/.+\.ts$/.test(path));
  return new Map(sources.map(({ path, text }) => [path, relativeImports(path, text)]));
}

/**
 * Import circles: groups of files that import each other, directly or by way of others (strongly connected components).
 * @returns each group in alphabetical order
 */
export function importCircles(graph: SourceGraph): string[][] {
  const reached = new Map([...graph.keys()].map((file) => [file, new Set<string>()]));
  for (const [file, seen] of reached) {
    const toVisit = [file];
    for (const next of toVisit) {
      const found = (graph.get(next) ?? []).filter((path) => !seen.has(path));
      found.forEach((path) => seen.add(path));
      toVisit.push(...found);
    }
  }
  const circles = [...reached].map(([file, seen]) => [...seen].filter((other) => reached.get(other)?.has(file)).sort());
  // Each of a circle's files has found it; the first one tells it.
  return circles.filter(([first], at) => first === [...reached.keys()][at]);
}

/** The same graph with a project's folders in place of its files: `apps/proxy/src/control` and so on. */
export function folderGraph(graph: SourceGraph): SourceGraph {
  const folders = Map.groupBy(graph, ([file]) => dirname(file));
  const targetsOf = (folder: string, files: readonly (readonly [string, readonly string[]])[]) =>
    files.flatMap(([, imports]) => imports.map((path) => dirname(path))).filter((target) => target !== folder);
  return new Map([...folders].map(([folder, files]) => [folder, [...new Set(targetsOf(folder, files))]]));
}

/** Pairs of folders that import each other. */
export function mutualFolders(graph: SourceGraph): string[] {
  const folders = folderGraph(graph);
  return [...folders].flatMap(([folder, targets]) =>
    targets.filter((target) => folder < target && folders.get(target)?.includes(folder)).map((target) => `${folder} <-> ${target}`),
  );
}
