/**
 * Prints what failed in a test run and why, then its closing line, `N passed, N failed`, and fails if anything did.
 *
 * Arguments: the steps of the run with their exit codes, `test=0` for example. A run that failed although every test passed, in lint or in a
 * build for example, counts as one failure for each step that failed.
 */
import { tallyReports } from './tally.ts';
import { workspaceRoot } from './workspace-root.ts';

const failedSteps = process.argv.slice(2).filter((step) => !step.endsWith('=0'));
const { passed, skipped, failures } = tallyReports(workspaceRoot);

for (const { path, test, why } of failures)
  console.log(`FAILED ${path}${test === undefined ? '' : `: ${test}`}\n${why.replaceAll(/^/gm, '    ')}\n`);
for (const step of failedSteps) console.log(`FAILED step ${step}\n`);
if (skipped > 0) console.log(`${String(skipped)} skipped`);
const failed = failures.length === 0 ? failedSteps.length : failures.length;
console.log(`${String(passed)} passed, ${String(failed)} failed`);
if (failed > 0) process.exitCode = 1;
