import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LabError } from '@lightspeed/lab';
import type { NodeProgramOptions } from '@lightspeed/lab';

const FOLDER = fileURLToPath(new URL(`../../../artefacts/out/linux-${process.arch}/lib`, import.meta.url));

/** How a node's program is there: as packages install it, or as sources. */
export type Form = Pick<NodeProgramOptions, 'program' | 'node' | 'nodeFlags'>;

/** What is started: `before` is that of another checkout. */
export type FormName = 'program folder' | 'checkout' | 'before';

/**
 * Forms by their names, the program folder first.
 * @param other the folder of another checkout, whose packages are installed
 * @throws {LabError} `ERR_LAB_MISSING` if there is no program folder; `ERR_LAB_USAGE` if the other folder has no node.
 */
export function formsOfNodes(other?: string): Partial<Record<FormName, Form>> & Readonly<Record<'program folder' | 'checkout', Form>> {
  const installed = { program: join(FOLDER, 'proxy/main.js'), node: join(FOLDER, 'node'), nodeFlags: [] };
  if (!existsSync(installed.program)) {
    throw new LabError('ERR_LAB_MISSING', `there is no ${installed.program}: run pnpm artefacts bundle first`);
  }
  if (other === undefined) return { 'program folder': installed, checkout: {} };
  const program = join(resolve(other), 'apps', 'proxy', 'src', 'main.ts');
  if (!existsSync(program)) throw new LabError('ERR_LAB_USAGE', `--against takes a checkout; there is no ${program}`);
  return { 'program folder': installed, checkout: {}, before: { program } };
}
