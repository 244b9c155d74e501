import { join } from 'node:path';
import { PLATFORMS } from '../base/platforms.ts';
import { startBuild } from '../base/start-build.ts';
import { OUT } from '../base/workspace.ts';
import { bundlePrograms, makeProgramFolder } from './program-folder.ts';

/*
 * Makes the program folders, out/PLATFORM/lib. README.md of this project says what is in there.
 */

const say = startBuild();
const programs = await bundlePrograms(say);
for (const platform of PLATFORMS.filter(({ hasFolder }) => hasFolder)) {
  const folder = join(OUT, platform.name, 'lib');
  await makeProgramFolder(folder, platform, programs, say);
  say(`${folder} is there`);
}
