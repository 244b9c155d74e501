/**
 * Prints the closing line of a test run, `N passed, N failed`, and fails if anything did.
 *
 * Arguments: the exit codes of the steps of the run. A run that failed although every test passed, in lint or in a build for example, counts
 * as one failure for each step that failed.
 */
import { tallyReports } from './tally.ts'
import { workspaceRoot } from './workspace-root.ts'

const failedSteps = process.argv.slice(2).filter((code) => code !== '0').length
const { passed, failed, skipped } = tallyReports(workspaceRoot)
const failures = failed === 0 ? failedSteps : failed

if (skipped > 0) console.log(`${String(skipped)} skipped`)
console.log(`${String(passed)} passed, ${String(failures)} failed`)
if (failures > 0) process.exitCode = 1
