import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from './pages.ts';
import { mustRun } from './run.ts';

const BINARY = /\.(?:png|jpe?g|gif|ico|wasm|gz|woff2?)$/;

/** Every text file of the workspace that Git knows or would take in, in alphabetical order. */
export function readWorkspace(root: string): Page[] {
  const listed = mustRun('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'], root);
  return listed
    .split('\0')
    .filter((path) => path !== '' && !BINARY.test(path))
    .sort()
    .flatMap((path) => {
      const text = readIfThere(join(root, path));
      return text === undefined ? [] : [{ path, text }];
    });
}

/** A file that was deleted but not yet committed is still listed. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
