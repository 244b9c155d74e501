import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../../src/find-program.ts';

/** @returns the file of sing-box: installed, or built by `.ci/run` into the user's cache; undefined if there is none. */
export function findSingBox(): string | undefined {
  const { XDG_CACHE_HOME = join(homedir(), '.cache') } = process.env;
  const built = join(XDG_CACHE_HOME, 'lightspeed', 'bin', 'sing-box');
  try {
    accessSync(built, constants.X_OK);
    return built;
  } catch {
    return findProgram('sing-box');
  }
}
