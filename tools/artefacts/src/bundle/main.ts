import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PLATFORMS } from '../base/platforms.ts';
import { startProgress } from '../base/progress.ts';
import { OUT, PROGRAMS } from '../base/workspace.ts';
import { nativeFiles } from './native-files.ts';
import { programFiles, writeFiles } from './program-files.ts';

/*
 * Makes the program folders, out/PLATFORM/lib. README.md of this project says what is in there.
 */

const say = startProgress();
const programs = new Map<string, ReadonlyMap<string, Buffer>>();
for (const program of PROGRAMS) {
  say(`bundling ${program}`);
  programs.set(program, await programFiles(program));
}
for (const platform of PLATFORMS) {
  const folder = join(OUT, platform.name, 'lib');
  const native = await nativeFiles(platform, say);
  rmSync(folder, { recursive: true, force: true });
  writeFiles(folder, native);
  chmodSync(join(folder, 'node'), 0o755);
  for (const [program, files] of programs) writeFiles(join(folder, program), files);
  say(`${folder} is there`);
}
