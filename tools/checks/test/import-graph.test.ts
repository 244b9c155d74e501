import { describe, expect, it } from 'vitest';
import { readSources } from './support/pages.ts';
import { folderGraph, importCircles, mutualFolders, relativeImports, sourceGraph } from './support/source-graph.ts';
import { workspaceRoot } from '../src/workspace-root.ts';

describe('the reader of imports', () => {
  it('finds values, types and what is exported again, over several lines', () => {
    const text = ["import { a } from './a.ts';", 'import type {\n  B,\n  C,\n} from "x";', "export type { D } from '../d.ts';"].join('\n');

    expect(relativeImports('packages/x/src/sub/y.ts', text)).toEqual(['packages/x/src/sub/a.ts', 'packages/x/src/d.ts']);
  });

  it('finds circles over several files, and files that import themselves', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', ['a']],
      ['d', []],
      ['e', ['e']],
    ]);

    expect(importCircles(graph)).toEqual([['a', 'b', 'c'], ['e']]);
  });

  it('finds folders that import each other', () => {
    const graph = new Map([
      ['x/one/a.ts', ['x/two/b.ts']],
      ['x/two/b.ts', []],
      ['x/two/c.ts', ['x/one/d.ts', 'x/two/b.ts']],
    ]);

    expect(folderGraph(graph).get('x/two')).toEqual(['x/one']);
    expect(mutualFolders(graph)).toEqual(['x/one <-> x/two']);
  });
});

describe('the sources of this workspace', () => {
  const graph = sourceGraph(readSources(workspaceRoot));

  it('have no import circles, types included', () => {
    expect(graph.size).toBeGreaterThan(300);
    expect(importCircles(graph)).toEqual([]);
  });

  it('have no two folders of an app or a package that import each other, apart from what index.ts exports', () => {
    const projects = new Map([...graph].filter(([file]) => /^(?:apps|packages)\//.test(file) && !file.endsWith('/index.ts')));

    expect(mutualFolders(projects)).toEqual([]);
  });
});
