import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ArtefactError } from '../base/artefact-error.ts';
import { requireTool, runTool } from '../base/run-tool.ts';
import type { Say } from '../base/progress.ts';
import { WORKSPACE } from '../base/workspace.ts';
import { lockedVersion } from './locked-version.ts';

/** Of the user, for what is fetched once. */
const CACHE = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'lightspeed', 'npm');

/**
 * The folder of an npm package in the version of the lockfile, also of one that is for other systems than this. It is the installed
 * one if it is installed, else it is fetched to the user's cache, and checked by the lockfile's hash.
 * @throws {ArtefactError} (rejection) `ERR_ARTEFACT_FETCH` if what comes is not what the lockfile names, and those of the tools.
 */
export async function npmPackage(name: string, say: Say): Promise<string> {
  const { version, integrity } = lockedVersion(name);
  const installed = join(WORKSPACE, 'node_modules/.pnpm', `${name.replace('/', '+')}@${version}`, 'node_modules', name);
  if (existsSync(installed)) return installed;
  const folder = join(CACHE, `${name.replace('/', '+')}@${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, 'fetch-'));
  try {
    say(`fetching ${name} ${version}`);
    await unpack(`${name}@${version}`, integrity, work);
    renameSync(join(work, 'package'), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

async function unpack(wanted: string, integrity: string, work: string): Promise<void> {
  const npm = requireTool(['npm'], 'install npm, which comes with Node');
  const said = await runTool(npm, ['pack', '--silent', '--ignore-scripts', '--pack-destination', work, wanted], { cwd: work });
  const archive = join(work, said.trim().split('\n').at(-1) ?? '');
  const got = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (got !== integrity) {
    throw new ArtefactError(
      'ERR_ARTEFACT_FETCH',
      `${wanted} has the hash ${got}, not ${integrity} as in pnpm-lock.yaml: it was changed on its way`,
    );
  }
  await runTool(requireTool(['tar'], 'sudo apt install tar'), ['-xzf', archive, '-C', work]);
}
