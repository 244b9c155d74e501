import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/*
 * Where a bundled program's files are: beside its JavaScript. Its runtime, native code and wasm are one folder above, where several
 * programs share them. This module takes the place of each app's own one, see src/bundle/seams.ts.
 */

/** A file of the program. @param name such as `package.json` */
export function readProgramFile(name: string): Buffer {
  return readFileSync(join(import.meta.dirname, name));
}

/** A file that programs share. @param name such as `http3_client.wasm` */
export function readSharedFile(name: string): Buffer {
  return readFileSync(sharedFile(name));
}

/** Where a file is that programs share. */
export function sharedFile(name: string): string {
  return join(import.meta.dirname, '..', name);
}

/** Where a script of the program is. */
export function programScript(name: string): string {
  return join(import.meta.dirname, name);
}

/** The module of the data-plane thread. */
export function workerModule(): URL {
  return pathToFileURL(programScript('worker.js'));
}
