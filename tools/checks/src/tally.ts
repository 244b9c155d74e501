import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { JsonTestResult, JsonTestResults } from 'vitest/node';

const DEFAULT_REPORT = 'vitest.json';

/** A test that failed, a file of tests that failed outside of them, or a project without a report. */
interface Failure {
  /** The path of its file, or of its project, from the folder of the workspace. */
  readonly path: string;
  /** Its name, if there is one. */
  readonly test: string | undefined;
  /** What it said, with the places in the code that it names. */
  readonly why: string;
}

/** Tests of a run, summed over projects. */
export interface Tally {
  readonly passed: number;
  readonly skipped: number;
  readonly failures: readonly Failure[];
}

/**
 * Sums the reports of all projects of a workspace. A project that has tests but left no report counts as one failure.
 * So does a test file that failed outside of its tests, before the first one or after the last. What did not run has
 * not passed.
 *
 * @param root the folder of the workspace
 */
export function tallyReports(root: string): Tally {
  const tests = globSync('{packages,apps,tools}/*/test/**/*.test.ts', { cwd: root });
  const projects = new Set(tests.map((path) => path.replace(/[/\\]test[/\\].*/, '')));
  const tallies = [...projects].sort().map((project) => tallyProject(root, project));
  const sum = (count: (tally: Tally) => number) => tallies.reduce((total, tally) => total + count(tally), 0);
  const failures = tallies.flatMap((tally) => tally.failures);
  return { passed: sum(({ passed }) => passed), skipped: sum(({ skipped }) => skipped), failures };
}

function tallyProject(root: string, path: string): Tally {
  const folder = join(root, path, 'test-results');
  // Besides the one of its default tests, a project may have reports of tests that a command of their own runs.
  const others = globSync('*.json', { cwd: folder }).filter((name) => name !== DEFAULT_REPORT);
  const reports = [DEFAULT_REPORT, ...others.sort()].map((name) => readReport(join(folder, name)));
  const missing = reports.includes(undefined) ? [{ path, test: undefined, why: 'left no report' }] : [];
  const read = reports.filter((report) => report !== undefined);
  return {
    passed: read.reduce((sum, { numPassedTests }) => sum + numPassedTests, 0),
    skipped: read.reduce((sum, { numPendingTests }) => sum + numPendingTests, 0),
    failures: [...missing, ...read.flatMap(({ testResults }) => testResults.flatMap((file) => failuresIn(root, file)))],
  };
}

/** @returns undefined if there is none that can be read. */
function readReport(file: string): JsonTestResults | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as JsonTestResults;
  } catch {
    return undefined;
  }
}

function failuresIn(root: string, { name, status, message, assertionResults }: JsonTestResult): Failure[] {
  const path = relative(root, name);
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (status === 'failed' && failed.length === 0) return [{ path, test: undefined, why: message }];
  return failed.map(({ fullName, failureMessages }) => ({ path, test: fullName, why: (failureMessages ?? []).join('\n') }));
}
