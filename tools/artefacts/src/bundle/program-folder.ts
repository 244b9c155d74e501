import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Platform } from '../base/platforms.ts';
import type { Say } from '../base/progress.ts';
import { PROGRAMS } from '../base/workspace.ts';
import type { Program } from '../base/workspace.ts';
import { nativeFiles } from './native-files.ts';
import { programFiles, writeFiles } from './program-files.ts';

/** The files of each program, which are the same for all platforms. */
export type BundledPrograms = ReadonlyMap<Program, ReadonlyMap<string, Buffer>>;

/** Bundles both programs. @throws {ArtefactError} (rejection) `ERR_ARTEFACT_BUNDLE` */
export async function bundlePrograms(say: Say): Promise<BundledPrograms> {
  const programs = new Map<Program, ReadonlyMap<string, Buffer>>();
  for (const program of PROGRAMS) {
    say(`bundling ${program}`);
    programs.set(program, await programFiles(program));
  }
  return programs;
}

/**
 * Makes a program folder anew, with both programs in it.
 * @throws {ArtefactError} (rejection) if a tool is missing, or a package cannot be fetched.
 */
export async function makeProgramFolder(folder: string, platform: Platform, programs: BundledPrograms, say: Say): Promise<void> {
  const native = await nativeFiles(platform, say);
  rmSync(folder, { recursive: true, force: true });
  writeFiles(folder, native);
  chmodSync(join(folder, 'node'), 0o755);
  for (const [program, files] of programs) writeFiles(join(folder, program), files);
}
