import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tallyReports } from '../src/tally.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lightspeed-tally-'));
  for (const group of ['packages', 'apps', 'tools']) mkdirSync(join(root, group));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

function project(path: string, report?: object): void {
  mkdirSync(join(root, path, 'test'), { recursive: true });
  writeFileSync(join(root, path, 'test/some-behaviour.test.ts'), '');
  if (report === undefined) return;
  mkdirSync(join(root, path, 'test-results'));
  writeFileSync(join(root, path, 'test-results/vitest.json'), JSON.stringify(report));
}

interface TestResult {
  readonly fullName: string;
  readonly status: 'passed' | 'failed';
  readonly failureMessages: readonly string[] | null;
}

function report(passed: number, skipped: number, failedTests: readonly TestResult[] = []): object {
  const name = join(root, 'apps/b/test/some-behaviour.test.ts');
  const assertionResults: TestResult[] = [{ fullName: 'it works', status: 'passed', failureMessages: [] }, ...failedTests];
  const testResults = [{ name, status: failedTests.length > 0 ? 'failed' : 'passed', message: '', assertionResults }];
  return { numPassedTests: passed, numPendingTests: skipped, testResults };
}

test('reports of all projects are added up, and what failed is told with its reasons', () => {
  const failedTests: TestResult[] = [
    { fullName: 'b does its work', status: 'failed', failureMessages: ['expected 1, got 2\n at b.ts:3', 'and a timeout'] },
    { fullName: 'b does more', status: 'failed', failureMessages: null },
  ];
  project('packages/a', report(3, 1));
  project('apps/b', report(4, 0, failedTests));

  const path = 'apps/b/test/some-behaviour.test.ts';
  expect(tallyReports(root)).toEqual({
    passed: 7,
    skipped: 1,
    failures: [
      { path, test: 'b does its work', why: 'expected 1, got 2\n at b.ts:3\nand a timeout' },
      { path, test: 'b does more', why: '' },
    ],
  });
});

test('a project with tests and no report is one failure', () => {
  project('packages/a', report(3, 0));
  project('tools/b');

  const failures = [{ path: 'tools/b', test: undefined, why: 'left no report' }];
  expect(tallyReports(root)).toEqual({ passed: 3, skipped: 0, failures });
});

test('a test file that ends before its first test is one failure', () => {
  const file = { name: join(root, 'packages/a/test/broken.test.ts'), status: 'failed', message: 'no such module', assertionResults: [] };
  project('packages/a', { ...report(3, 0), testResults: [file] });

  const failures = [{ path: 'packages/a/test/broken.test.ts', test: undefined, why: 'no such module' }];
  expect(tallyReports(root)).toEqual({ passed: 3, skipped: 0, failures });
});

test('a test file that fails after its last test is one failure', () => {
  const assertionResults = [{ fullName: 'it works', status: 'passed', failureMessages: [] }];
  const file = { name: join(root, 'packages/a/test/late.test.ts'), status: 'failed', message: 'cannot clean up', assertionResults };
  project('packages/a', { ...report(1, 0), testResults: [file] });

  const failures = [{ path: 'packages/a/test/late.test.ts', test: undefined, why: 'cannot clean up' }];
  expect(tallyReports(root)).toEqual({ passed: 1, skipped: 0, failures });
});

test('a project without tests counts for nothing', () => {
  mkdirSync(join(root, 'tools/c/test/vectors'), { recursive: true });
  mkdirSync(join(root, 'tools/d'));

  expect(tallyReports(root)).toEqual({ passed: 0, skipped: 0, failures: [] });
});

test('what a project has tested by another command counts, too', () => {
  const failedTests: TestResult[] = [{ fullName: 'b is made', status: 'failed', failureMessages: ['it is not'] }];
  project('apps/b', report(3, 1));
  writeFileSync(join(root, 'apps/b/test-results/made.json'), JSON.stringify(report(2, 4, failedTests)));

  const failures = [{ path: 'apps/b/test/some-behaviour.test.ts', test: 'b is made', why: 'it is not' }];
  expect(tallyReports(root)).toEqual({ passed: 5, skipped: 5, failures });
});
