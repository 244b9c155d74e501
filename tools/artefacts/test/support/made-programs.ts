import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OUT } from '../../src/base/workspace.ts';

/** Programs that were made, as words of command lines. */
export interface MadePrograms {
  readonly client: readonly string[];
  readonly proxy: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** The folder of programs for this kind of machine. */
export const PROGRAM_FOLDER = join(OUT, `linux-${process.arch}`, 'lib');

/** Why the tests of program folders cannot run here; undefined if they can. */
export const NO_FOLDER = existsSync(PROGRAM_FOLDER) ? undefined : `no ${PROGRAM_FOLDER}: run pnpm artefacts bundle on Linux`;

/** The environment of programs that find nothing of this checkout, nor of whoever runs the tests. */
function bareEnvironment(home: string): NodeJS.ProcessEnv {
  return { PATH: '/usr/bin:/bin', HOME: home, LC_ALL: 'C.UTF-8' };
}

/** As packages start them. */
export function programsInFolder(home: string): MadePrograms {
  const command = (program: string) => [join(PROGRAM_FOLDER, 'node'), join(PROGRAM_FOLDER, program, 'main.js')];
  return { client: command('client'), proxy: command('proxy'), env: bareEnvironment(home) };
}
