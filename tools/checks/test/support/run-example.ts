import { runBeside } from './run-beside.ts';

/** The longest time that an example may take to end, or to print something if it serves. */
export const MAX_EXAMPLE_MS = 240_000;

/**
 * Runs TypeScript as a reader would who has put it into a file of a project: packages of the workspace resolve to their sources.
 *
 * @param project the folder whose dependencies it may import
 * @param serves whether it is to be stopped once it has printed something, instead of ending by itself
 * @returns its exit code, undefined if it was still running when enough was seen, and what it has printed
 */
export function runExample(code: string, project: string, serves: boolean) {
  const options = { cwd: project, input: code, timeout: MAX_EXAMPLE_MS, serves };
  return runBeside(process.execPath, ['--conditions=@lightspeed/source', '-'], options);
}
