import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programScript, sharedFile } from './program-files.ts';

const FOLDER = 'capture';
const PROGRAM = 'helper.js';
const ADDON = 'koffi.node';

/**
 * Copies the privileged helper to a folder that will be at `installed`, with its runtime as `node`.
 * It takes the place of the one of `@lightspeed/capture`, see src/bundle/seams.ts.
 * @returns the word for the runtime that names the helper's program
 * @throws {Error} with what the system says.
 */
export function copyHelper(folder: string, installed: string): string {
  mkdirSync(join(folder, FOLDER), { mode: 0o755 });
  cpSync(process.execPath, join(folder, 'node'));
  cpSync(sharedFile(ADDON), join(folder, ADDON));
  cpSync(programScript(PROGRAM), join(folder, FOLDER, PROGRAM));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}\n');
  return join(installed, FOLDER, PROGRAM);
}
