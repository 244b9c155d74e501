import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findTool } from '../../src/base/run-tool.ts';
import { OUT } from '../../src/base/workspace.ts';
import { execute, succeed } from './execute.ts';
import type { MadePrograms } from './made-programs.ts';
import { PackageRegistry } from './package-registry.ts';

const PACKED = join(OUT, 'npm');
/** Asks once, and does not wait for long: the registry is there, or the test is skipped. */
const ONE_TRY = ['--fetch-retries=0', '--fetch-timeout=20000'];
const npm = findTool('npm') ?? 'npm';

/** Why packages of npm cannot be installed here; undefined if they can. */
export const NO_INSTALLATION =
  (existsSync(PACKED) ? undefined : `no ${PACKED}: run pnpm artefacts npm`) ??
  (findTool('npm') === undefined ? 'no npm: install it with Node' : undefined) ??
  (await registryFault());

/** Nothing installs without the registry that has everything else. */
async function registryFault(): Promise<string | undefined> {
  const { code, stderr } = await execute(npm, 'view', 'reflect-metadata', 'version', ...ONE_TRY);
  return code === 0 ? undefined : `npm reaches no registry: ${stderr.split('\n')[0]}`;
}

/** Installs both programs into a folder as users do, with `npm install --global`. What is not ours comes from the user's registry. */
export async function installGlobally(folder: string): Promise<MadePrograms> {
  await using registry = await PackageRegistry.serve(PACKED);
  const options = [`--prefix=${folder}`, `--@lightspeed:registry=${registry.url}`, '--no-audit', '--no-fund'];
  await succeed(npm, 'install', '--global', ...options, '@lightspeed/client', '@lightspeed/proxy');
  const command = (name: string) => [process.execPath, join(folder, 'bin', name)];
  return {
    client: command('lightspeed'),
    proxy: command('lightspeed-proxy'),
    env: { PATH: '/usr/bin:/bin', HOME: folder, LC_ALL: 'C.UTF-8' },
  };
}
