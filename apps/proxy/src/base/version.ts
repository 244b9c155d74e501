import { readProgramFile } from './program-files.ts';

interface Manifest {
  readonly version: string;
}

/** This package's version. */
export const VERSION: string = (JSON.parse(readProgramFile('package.json').toString()) as Manifest).version;
