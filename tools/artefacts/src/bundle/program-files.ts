import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { WORKSPACE, manifestOf } from '../base/workspace.ts';
import type { Program } from '../base/workspace.ts';
import { bundleScript } from './bundle-script.ts';
import { licenceTexts } from './licences.ts';

const CLIENT = join(WORKSPACE, 'apps/client');
const CAPTURE = join(WORKSPACE, 'packages/capture');

/** The scripts of each program, and the sources that they are made of. */
const SCRIPTS: Readonly<Record<Program, Readonly<Record<string, string>>>> = {
  client: {
    'main.js': join(CLIENT, 'src/main.ts'),
    'worker.js': join(CLIENT, 'src/tunnel/worker.ts'),
    'helper.js': join(CAPTURE, 'src/helper/main.ts'),
    'namespace-helper.js': join(CAPTURE, 'src/helper/namespace-main.ts'),
  },
  proxy: {
    'main.js': join(WORKSPACE, 'apps/proxy/src/main.ts'),
    'worker.js': join(WORKSPACE, 'apps/proxy/src/data-plane/worker.ts'),
  },
};

/** Files that a program reads, beside its scripts. */
const ASSETS: Readonly<Record<Program, () => Readonly<Record<string, string>>>> = {
  client: () => {
    const plot = dirname(createRequire(join(CLIENT, 'package.json')).resolve('uplot'));
    const page = ['index.html', 'page.css', 'page.js', 'charts.js', 'tables.js', 'elements.js'];
    return {
      ...Object.fromEntries(page.map((name) => [`page/${name}`, join(CLIENT, 'page', name)])),
      'page/uplot.js': join(plot, 'uPlot.esm.js'),
      'page/uplot.css': join(plot, 'uPlot.min.css'),
      'dissector/lightspeed.lua': join(CLIENT, 'dissector/lightspeed.lua'),
    };
  },
  proxy: () => ({}),
};

/**
 * All files of a program but its native code, by their names in its folder. They are the same for every platform.
 * @throws {ArtefactError} (rejection) `ERR_ARTEFACT_BUNDLE`
 */
export async function programFiles(program: Program): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const modules = new Set<string>();
  for (const [name, entry] of Object.entries(SCRIPTS[program])) {
    const script = await bundleScript(entry);
    files.set(name, Buffer.from(script.code));
    for (const module of script.modules) modules.add(module);
  }
  for (const [name, file] of Object.entries(ASSETS[program]())) {
    files.set(name, readFileSync(file));
    modules.add(file);
  }
  const { name, version, license } = manifestOf(program);
  files.set('package.json', Buffer.from(`${JSON.stringify({ name, version, license, type: 'module' }, undefined, 2)}\n`));
  files.set('LICENSES.txt', Buffer.from(licenceTexts(modules)));
  return files;
}

/** Writes files to a folder, by their names in there. */
export function writeFiles(folder: string, files: ReadonlyMap<string, Buffer>): void {
  for (const [name, bytes] of files) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    writeFileSync(file, bytes, { mode: 0o644 });
  }
}
