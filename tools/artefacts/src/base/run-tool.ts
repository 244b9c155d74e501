import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { ArtefactError } from './artefact-error.ts';

const execute = promisify(execFile);
const MAX_OUTPUT_BYTES = 16 * 1_024 * 1_024;

/** Where `.ci/build-*` put the tools that they build. */
const BUILT = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'lightspeed', 'bin');

/** What brings pnpm, in the version of this workspace. */
export const PNPM_REMEDY = 'run npx -y pnpm@12.21.0 artefacts, which brings it';

/** Where a tool is, if it is in one of the folders of PATH, or was built by `.ci`. */
export function findTool(name: string): string | undefined {
  const folders = [BUILT, ...(process.env['PATH'] ?? '').split(delimiter)];
  const candidates = folders.map((folder) => join(folder, name));
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * The first of several tools that this machine has.
 * @param remedy what to do if there is none, such as a command
 * @throws {ArtefactError} `ERR_ARTEFACT_TOOL_MISSING`
 */
export function requireTool(names: readonly string[], remedy: string): string {
  const found = names.map(findTool).find((file) => file !== undefined);
  if (found !== undefined) return found;
  throw new ArtefactError('ERR_ARTEFACT_TOOL_MISSING', `there is no ${names.join(' and no ')} in PATH: ${remedy}`);
}

/**
 * Runs a tool to its end. @returns what it has printed.
 * @throws {ArtefactError} (rejection) `ERR_ARTEFACT_TOOL_FAILED` with the last line that it has printed on standard error.
 */
export async function runTool(
  file: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  try {
    return (await execute(file, args, { maxBuffer: MAX_OUTPUT_BYTES, ...options })).stdout;
  } catch (cause) {
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim().split('\n').at(-1) : undefined;
    const why = said || (cause instanceof Error ? cause.message : String(cause));
    throw new ArtefactError('ERR_ARTEFACT_TOOL_FAILED', `${[file, ...args].join(' ')} failed: ${why}`, { cause });
  }
}
