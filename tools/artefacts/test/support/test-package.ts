import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildPackage } from '../../src/packages/build-package.ts';
import { PACKAGE_PLATFORMS, PRODUCTS } from '../../src/packages/product.ts';
import type { Kind } from '../../src/packages/product.ts';
import { PROGRAM_FOLDER } from './made-programs.ts';

const [proxy] = PRODUCTS;
const platform = PACKAGE_PLATFORMS.find(({ name }) => PROGRAM_FOLDER.includes(name)) ?? PACKAGE_PLATFORMS[0];
const MADE_AT_SECS = 1_764_288_000;

/** A package of the node with a version of its own, of the program folder that was made. @returns its file */
export function testPackage(kind: Kind, folder: string, version: string, programs = PROGRAM_FOLDER): Promise<string> {
  return buildPackage(kind, platform, proxy, { folder, version, programs, madeAtSecs: MADE_AT_SECS, compression: 'none' });
}

/** A package whose node reads its configuration, but ends when its worker starts. */
export function brokenPackage(folder: string, version: string): Promise<string> {
  const programs = join(folder, 'broken-programs');
  cpSync(PROGRAM_FOLDER, programs, { recursive: true });
  writeFileSync(join(programs, 'proxy', 'worker.js'), "throw new Error('this version is broken');\n");
  return testPackage('deb', folder, version, programs);
}
