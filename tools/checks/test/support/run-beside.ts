import { execFile } from 'node:child_process';
import type { Ended } from '../../src/run.ts';

/** How a program runs beside this one. */
export interface BesideOptions {
  readonly cwd: string;
  /** What it reads. */
  readonly input?: string;
  /** The longest time that it may take; 0 for any. */
  readonly timeout?: number;
  /** Whether it is to be stopped once it has printed something, instead of ending by itself. */
  readonly serves?: boolean;
}

/** Like `run`, for several programs at once. The exit code is undefined for a program that has served, -1 for one that was ended. */
export function runBeside(program: string, args: readonly string[], options: BesideOptions) {
  const { input = '', serves = false, ...others } = options;
  return new Promise<Ended & { readonly code: number | undefined }>((resolve) => {
    let hasServed = false;
    const child = execFile(program, args, others, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ ok: error === null, code: hasServed ? undefined : code, output: stdout + stderr });
    });
    child.stdout?.on('data', () => {
      hasServed = serves;
      if (serves) child.kill('SIGKILL');
    });
    child.stdin?.end(input);
  });
}
