import { spawn } from 'node:child_process';

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
export function runExample(code: string, project: string, serves: boolean): Promise<ExampleRun> {
  const args = ['--conditions=@lightspeed/source', '-'];
  const child = spawn(process.execPath, args, { cwd: project, stdio: ['pipe', 'pipe', 'pipe'], timeout: MAX_EXAMPLE_MS });
  return new Promise((resolve, reject) => {
    let output = '';
    const note = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.once('error', reject);
    child.stderr.on('data', note);
    child.stdout.on('data', (chunk: Buffer) => {
      note(chunk);
      if (!serves) return;
      resolve({ code: undefined, output });
      child.kill('SIGKILL');
    });
    child.once('close', (code) => {
      resolve({ code: code ?? -1, output });
    });
    child.stdin.end(code);
  });
}
