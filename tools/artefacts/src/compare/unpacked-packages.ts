import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { requireTool, runTool } from '../base/run-tool.ts';

const REMEDY = 'sudo apt install binutils tar xz-utils';

/** Unpacks each package of a folder beside itself, so that what differs has a name. @throws {ArtefactError} (rejection) */
export async function unpackPackages(folder: string): Promise<void> {
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.deb'))) {
    const cwd = join(folder, `${name}.unpacked`);
    mkdirSync(cwd);
    await runTool(requireTool(['ar'], REMEDY), ['x', join(folder, name)], { cwd });
    for (const archive of readdirSync(cwd).filter((each) => each.includes('.tar'))) {
      await runTool(requireTool(['tar'], REMEDY), ['-xf', archive, '--no-same-owner'], { cwd });
      rmSync(join(cwd, archive));
    }
  }
}
