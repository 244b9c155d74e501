import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LabError } from '@lightspeed/lab';
import type { NodeProgramOptions } from '@lightspeed/lab';

const FOLDER = fileURLToPath(new URL(`../../../artefacts/out/linux-${process.arch}/lib`, import.meta.url));

/** How a node's program is there: as packages install it, or as sources. */
export type Form = Pick<NodeProgramOptions, 'program' | 'node' | 'nodeFlags'>;

/**
 * Both forms by their names, the program folder first.
 * @throws {LabError} `ERR_LAB_MISSING` if there is no program folder.
 */
export function formsOfNodes(): Readonly<Record<'program folder' | 'checkout', Form>> {
  const installed = { program: join(FOLDER, 'proxy/main.js'), node: join(FOLDER, 'node'), nodeFlags: [] };
  if (!existsSync(installed.program)) {
    throw new LabError('ERR_LAB_MISSING', `there is no ${installed.program}: run pnpm artefacts bundle first`);
  }
  return { 'program folder': installed, checkout: {} };
}
