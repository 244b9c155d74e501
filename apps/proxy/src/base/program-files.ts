import { readFileSync } from 'node:fs';

/*
 * Where the program's own files are. A bundle of the program has another module in place of this one, because its files are
 * at other places.
 */

/** The package's folder, from the sources and from what is built of them. */
const FOLDER = new URL('../../', import.meta.url);

/**
 * A file that belongs to the program.
 * @param name as in the package's folder, such as `package.json`
 * @throws {Error} what the system says, if there is no such file.
 */
export function readProgramFile(name: string): Buffer {
  return readFileSync(new URL(name, FOLDER));
}

/** The module of a data-plane thread. It has the form of this one: TypeScript in a checkout, JavaScript when built. */
export function workerModule(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? '../data-plane/worker.ts' : '../data-plane/worker.js', import.meta.url);
}
