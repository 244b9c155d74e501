import { readFileSync } from 'node:fs';

interface Manifest {
  readonly version: string;
}

/** This package's version. */
export const VERSION: string = (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as Manifest).version;
