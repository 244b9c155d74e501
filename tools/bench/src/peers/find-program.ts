import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where Debian puts what only administrators use; not in everybody's PATH. */
const ALSO = ['/usr/sbin', '/sbin'];
const TIMEOUT_MS = 5_000;

/** @returns the file of a program, or undefined if it is not installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...ALSO];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** @returns what a program says about itself, on whichever of its outputs: '' if it says nothing. */
export function askProgram(name: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(findProgram(name) ?? name, args, { timeout: TIMEOUT_MS }, (_error, stdout, stderr) => {
      resolve(`${stdout}${stderr}`);
    });
  });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
