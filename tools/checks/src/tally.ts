import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** What is read of the report that vitest leaves in a project's test-results/vitest.json. */
interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

/** Tests of a run, summed over projects. */
export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/**
 * Sums the reports of all projects of a workspace. A project that has tests but left no report counts as one failure, and so does a test
 * file that ended before its first test: what did not run has not passed.
 *
 * @param root the folder of the workspace
 */
export function tallyReports(root: string): Tally {
  const tallies = ['packages', 'apps', 'tools']
    .flatMap((group) => folders(join(root, group)))
    .filter(hasTests)
    .map(tallyProject)
  return tallies.reduce(sum, { passed: 0, failed: 0, skipped: 0 })
}

function sum(a: Tally, b: Tally): Tally {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }
}

function tallyProject(project: string): Tally {
  let report: VitestReport
  try {
    report = JSON.parse(readFileSync(join(project, 'test-results/vitest.json'), 'utf8')) as VitestReport
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
  const broken = report.testResults.filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0)
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken.length, skipped: report.numPendingTests }
}

function hasTests(project: string): boolean {
  return folders(project).some((folder) => folder === join(project, 'test') && containsTest(folder))
}

function containsTest(folder: string): boolean {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((path) => path.endsWith('.test.ts'))
}

function folders(parent: string): string[] {
  return readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(parent, entry.name))
}
