import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { codeBlocks } from './support/markdown.ts';
import type { CodeBlock } from './support/markdown.ts';
import { serveNode } from './support/node-program.ts';
import { readPages } from './support/pages.ts';
import { MAX_EXAMPLE_MS, runExample } from './support/run-example.ts';
import { workspaceRoot } from '../src/workspace-root.ts';

// Examples outside of a package use several; this project may import them all.
const HOME_OF_OTHERS = 'tools/bench';

/** Of a node; it may be taken where the tests run. */
const USUAL_PORT = '4434';

interface Example extends CodeBlock {
  readonly name: string;
  readonly project: string;
}

const examples: Example[] = readPages(workspaceRoot).flatMap(({ path, text }) =>
  codeBlocks(text)
    .filter(({ language }) => language === 'ts')
    .map((block) => ({
      ...block,
      name: `${path}, line ${String(block.line)}`,
      project: join(workspaceRoot, /^(packages|apps|tools)\//.test(path) ? dirname(path) : HOME_OF_OTHERS),
    })),
);
const marked = (remark: string): Example[] => examples.filter((example) => example.remark === remark);

describe.concurrent('an example', { timeout: 2 * MAX_EXAMPLE_MS }, () => {
  test.for(marked(''))('runs to its end: $name', async ({ code, project }, { expect }) => {
    const run = await runExample(code, project, false);

    expect(run).toMatchObject({ code: 0, output: run.output });
  });

  test.for(marked('serves until it is stopped'))('serves: $name', async ({ code, project }, { expect }) => {
    const run = await runExample(code, project, true);

    expect(run).toMatchObject({ code: undefined, output: run.output });
  });

  test.for(marked('with a node'))('runs to its end beside a node: $name', async ({ code, project }, { expect }) => {
    const node = await serveNode();
    const here = code.replaceAll(USUAL_PORT, String(node.dataPort));
    const run = await runExample(here, project, false).finally(() => node.stop());

    expect(run).toMatchObject({ code: 0, output: run.output });
  });

  test.for(marked('fragment'))('is TypeScript: $name', ({ code }, { expect }) => {
    expect(stripTypeScriptTypes(code)).not.toBe('');
  });
});

test('every example is run in one of these ways', () => {
  const known = ['', 'serves until it is stopped', 'with a node', 'fragment'].flatMap(marked);

  expect(examples.filter((example) => !known.includes(example)).map(({ name, remark }) => `${name}: ${remark}`)).toEqual([]);
  expect(examples.length).toBeGreaterThan(0);
});
