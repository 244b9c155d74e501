import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const runFile = promisify(execFile);

/** How a program ended that was run for what it prints. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
}

/** @returns what it printed, or undefined if there is no such program. @throws if it fails otherwise. */
export async function runProgram(name: string, args: readonly string[], timeoutMs: number): Promise<Ended | undefined> {
  try {
    return await runFile(name, args, { timeout: timeoutMs, maxBuffer: 1 << 24 });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
