import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { PNPM_REMEDY, requireTool, runTool } from '../base/run-tool.ts';
import { WORKSPACE } from '../base/workspace.ts';

/**
 * Copies the workspace without what Git ignores, and installs its packages there.
 * @throws {ArtefactError} (rejection) if this is no checkout, or the packages cannot be installed.
 */
export async function copyWorkspace(to: string): Promise<void> {
  const listed = await runTool('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: WORKSPACE });
  for (const name of listed.split('\0').filter((each) => each !== '' && existsSync(join(WORKSPACE, each)))) {
    cpSync(join(WORKSPACE, name), join(to, name));
  }
  const pnpm = requireTool(['pnpm'], PNPM_REMEDY);
  await runTool(pnpm, ['install', '--frozen-lockfile', '--prefer-offline'], { cwd: to });
}
