import { execFile } from 'node:child_process';

/** How an example ended. */
export interface ExampleRun {
  /** Its exit code; undefined if it was still running when enough was seen. */
  readonly code: number | undefined;
  readonly output: string;
}

/** The longest time that an example may take to end, or to print something if it serves. */
export const MAX_EXAMPLE_MS = 240_000;

/**
 * Runs TypeScript as a reader would who has put it into a file of a project: packages of the workspace resolve to their sources.
 *
 * @param project the folder whose dependencies it may import
 * @param serves whether it is to be stopped once it has printed something, instead of ending by itself
 */
export function runExample(text: string, project: string, serves: boolean): Promise<ExampleRun> {
  return new Promise((resolve) => {
    let hasServed = false;
    const options = { cwd: project, timeout: MAX_EXAMPLE_MS };
    const child = execFile(process.execPath, ['--conditions=@lightspeed/source', '-'], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code: hasServed ? undefined : code, output: stdout + stderr });
    });
    child.stdout?.on('data', () => {
      hasServed = serves;
      if (serves) child.kill('SIGKILL');
    });
    child.stdin?.end(text);
  });
}
