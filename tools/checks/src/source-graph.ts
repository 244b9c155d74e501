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
  // Tarjan's algorithm.
  const index = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string): number => {
    const number = index.size;
    index.set(file, number);
    stack.push(file);
    let low = number;
    for (const next of graph.get(file) ?? []) {
      if (!index.has(next)) low = Math.min(low, visit(next));
      else if (stack.includes(next)) low = Math.min(low, index.get(next) ?? low);
    }
    if (low === number) {
      const group = stack.splice(stack.indexOf(file));
      if (group.length > 1 || (graph.get(file) ?? []).includes(file)) circles.push(group.toSorted());
    }
    return low;
  };
  for (const file of graph.keys()) if (!index.has(file)) visit(file);
  return circles;
}

/** The same graph with a project's folders in place of its files: `apps/proxy/src/control` and so on. */
export function folderGraph(graph: SourceGraph): SourceGraph {
  const folders = new Map<string, Set<string>>();
  for (const [file, imports] of graph) {
    const from = dirname(file);
    const targets = folders.get(from) ?? new Set();
    for (const path of imports) if (dirname(path) !== from) targets.add(dirname(path));
    folders.set(from, targets);
  }
  return new Map([...folders].map(([folder, targets]) => [folder, [...targets]]));
}

/** Pairs of folders that import each other. */
export function mutualFolders(graph: SourceGraph): string[] {
  const folders = folderGraph(graph);
  const pairs: string[] = [];
  for (const [folder, targets] of folders) {
    for (const target of targets)
      if (folder < target && (folders.get(target) ?? []).includes(folder)) pairs.push(`${folder} <-> ${target}`);
  }
  return pairs;
}
