import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getRawAsset, isSea } from 'node:sea';
import { pathToFileURL } from 'node:url';

/*
 * Where a bundled program's files are. In a program folder they are beside its JavaScript, and what programs share is one folder
 * above. In a single file they are in the program itself. This module takes the place of each app's own one, see src/bundle/seams.ts.
 */

/** Whether the program is a single file (Node's documentation, Single executable applications). */
export const IS_SINGLE_FILE = isSea();

/** A file of the program. @param name such as `package.json` */
export function readProgramFile(name: string): Buffer {
  return IS_SINGLE_FILE ? Buffer.from(getRawAsset(name)) : readFileSync(programScript(name));
}

/** A file that programs share. @param name such as `http3_client.wasm` */
export function readSharedFile(name: string): Buffer {
  return IS_SINGLE_FILE ? Buffer.from(getRawAsset(name)) : readFileSync(sharedFile(name));
}

/** Where a file is that programs share, in a program folder. */
export function sharedFile(name: string): string {
  return join(import.meta.dirname, '..', name);
}

/** Where a script of the program is, in a program folder. */
export function programScript(name: string): string {
  return join(import.meta.dirname, name);
}

/** The module of the data-plane thread. */
export function workerModule(): URL {
  const name = 'worker.js';
  if (!IS_SINGLE_FILE) return pathToFileURL(programScript(name));
  return new URL(`data:text/javascript;base64,${readProgramFile(name).toString('base64')}`);
}
