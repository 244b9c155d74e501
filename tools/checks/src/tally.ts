import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

/** What is read of the report that vitest leaves in a project's test-results/vitest.json. */
interface VitestReport {
  readonly numPassedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly VitestFile[];
}

interface VitestFile {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly VitestTest[];
}

interface VitestTest {
  readonly fullName: string;
  readonly status: string;
  readonly failureMessages: readonly string[] | null;
}

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
  const tallies = ['packages', 'apps', 'tools']
    .flatMap((group) => folders(join(root, group)))
    .filter(hasTests)
    .map((project) => tallyProject(root, project));
  return tallies.reduce(sum, { passed: 0, skipped: 0, failures: [] });
}

function sum(a: Tally, b: Tally): Tally {
  return { passed: a.passed + b.passed, skipped: a.skipped + b.skipped, failures: [...a.failures, ...b.failures] };
}

function tallyProject(root: string, project: string): Tally {
  let report: VitestReport;
  try {
    report = JSON.parse(readFileSync(join(project, 'test-results/vitest.json'), 'utf8')) as VitestReport;
  } catch {
    return { passed: 0, skipped: 0, failures: [{ path: relative(root, project), test: undefined, why: 'left no report' }] };
  }
  const failures = report.testResults.flatMap((file) => failuresIn(root, file));
  return { passed: report.numPassedTests, skipped: report.numPendingTests, failures };
}

function failuresIn(root: string, { name, status, message, assertionResults }: VitestFile): Failure[] {
  const path = relative(root, name);
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (status === 'failed' && failed.length === 0) return [{ path, test: undefined, why: message }];
  return failed.map(({ fullName, failureMessages }) => ({ path, test: fullName, why: (failureMessages ?? []).join('\n') }));
}

function hasTests(project: string): boolean {
  return folders(project).some((folder) => folder === join(project, 'test') && containsTest(folder));
}

function containsTest(folder: string): boolean {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((path) => path.endsWith('.test.ts'));
}

function folders(parent: string): string[] {
  return readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(parent, entry.name));
}
