import { readFileSync } from 'node:fs';

/*
 * Where the program's own files are. A bundle of the program has another module in place of this one, because its files are
 * at other places.
 */

/** The package's folder, from the sources and from what is built of them. */
const FOLDER = new URL('../../', import.meta.url);
/** Files of a library that the page has as its own. */
const OF_LIBRARY: Readonly<Record<string, string>> = {
  'page/uplot.js': 'uPlot.esm.js',
  'page/uplot.css': 'uPlot.min.css',
};

/**
 * A file that belongs to the program.
 * @param name as in the package's folder, such as `package.json`
 * @throws {Error} what the system says, if there is no such file.
 */
export function readProgramFile(name: string): Buffer {
  const ofLibrary = OF_LIBRARY[name];
  return readFileSync(ofLibrary === undefined ? new URL(name, FOLDER) : new URL(ofLibrary, import.meta.resolve('uplot')));
}

/** The module of the data-plane thread. It has the form of this one: TypeScript in a checkout, JavaScript when built. */
export function workerModule(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? '../tunnel/worker.ts' : '../tunnel/worker.js', import.meta.url);
}
