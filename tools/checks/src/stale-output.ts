import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const EMITTED = /\.(d\.ts|js|js\.map)$/;

/**
 * Deletes what no source produces any more: the compiler leaves the output of deleted and renamed sources behind, and a tarball would
 * carry it.
 *
 * @returns the deleted paths, relative to `dist`
 */
export function deleteStaleOutput(dist: string, src: string): string[] {
  const stale = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter(
    (path) => EMITTED.test(path) && !existsSync(join(src, path.replace(EMITTED, '.ts'))),
  );
  for (const path of stale) rmSync(join(dist, path));
  return stale;
}
