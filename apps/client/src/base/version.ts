import { readProgramFile } from './program-files.ts';

function readVersion(): string {
  const manifest: unknown = JSON.parse(readProgramFile('package.json').toString());
  const known = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return known ? String(manifest.version) : 'unknown';
}

/** This package's version. */
export const VERSION = readVersion();
