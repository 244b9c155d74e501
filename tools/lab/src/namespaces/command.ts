import { execFile } from 'node:child_process';
import { LabError } from '../errors.ts';

const TIMEOUT_MS = 10_000;

/**
 * Runs a program of the system to its end. @returns what it printed
 * @throws {LabError} `ERR_LAB_PROCESS` (rejection) with what it said, if it failed or there is none
 */
export function command(program: string, args: readonly string[], input?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const said = stderr.trim() === '' ? error.message : stderr.trim();
      reject(new LabError('ERR_LAB_PROCESS', `${program} ${args.join(' ')}: ${said.split('\n')[0]}`, { cause: error }));
    });
    child.stdin?.end(input);
  });
}
