import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripTypes } from './strip-types.ts';

/** This package's modules, and where they are in the installation. */
const OWN_MODULES = fileURLToPath(new URL('..', import.meta.url));
const OWN_FOLDER = 'capture';

/**
 * Copies the helper to a folder, with all that it needs, and its runtime as `node`. A bundle of a program has another module in
 * place of this one, because its files are at other places.
 * @param folder that is there
 * @param installed where the folder will be
 * @returns the word for the runtime that names the helper's program
 * @throws {Error} with what the system says.
 */
export function copyHelper(folder: string, installed: string): string {
  mkdirSync(join(folder, 'node_modules'), { mode: 0o755 });
  cpSync(process.execPath, join(folder, 'node'));
  cpSync(OWN_MODULES, join(folder, OWN_FOLDER), { recursive: true, dereference: true, filter: (path) => !path.endsWith('.tsbuildinfo') });
  stripTypes(join(folder, OWN_FOLDER));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}\n');
  const koffi = packageFolder('koffi', import.meta.url);
  copyPackage(koffi, join(folder, 'node_modules', 'koffi'));
  const native = `@koromix/koffi-${process.platform}-${process.arch}`;
  copyPackage(packageFolder(native, join(koffi, 'package.json')), join(folder, 'node_modules', native));
  return join(installed, OWN_FOLDER, 'helper', 'main.js');
}

/** Where a package is that a module imports. */
function packageFolder(name: string, importer: string): string {
  let folder = dirname(createRequire(importer).resolve(name));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** Without documents that nothing loads. */
function copyPackage(from: string, to: string): void {
  const left = new Set(['doc', 'vendor', 'node_modules'].map((name) => join(from, name)));
  cpSync(from, to, { recursive: true, dereference: true, filter: (path) => !left.has(path) });
}
