import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where Debian puts what only administrators use; not in everybody's PATH. */
const ALSO = ['/usr/sbin', '/sbin'];

/** @returns undefined if a program is installed, else that it is not, with the line that installs it. */
export function missing(program: string, install: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...ALSO];
  return folders.some((folder) => isExecutable(join(folder, program))) ? undefined : `${program} not found: \`${install}\``;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
