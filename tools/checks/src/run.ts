import { spawnSync } from 'node:child_process';

/** What a program left behind when it ended. */
export interface Ended {
  readonly ok: boolean;
  readonly output: string;
}

/** Runs a program to its end and keeps what it printed. Throws only if the program cannot be started. */
export function run(program: string, args: readonly string[], cwd: string): Ended & { readonly stdout: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (error !== undefined) throw error;
  return { ok: status === 0, output: stdout + stderr, stdout };
}

/** Like `run`, for what has to succeed: gives what it printed on standard output, and throws it all if the program fails. */
export function mustRun(program: string, args: readonly string[], cwd: string): string {
  const { ok, output, stdout } = run(program, args, cwd);
  if (!ok) throw new Error(`${program} ${args.join(' ')} failed:\n${output}`);
  return stdout;
}
