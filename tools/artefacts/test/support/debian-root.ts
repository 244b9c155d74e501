import { hash } from 'node:crypto';
import { join } from 'node:path';
import { findTool } from '../../src/base/run-tool.ts';
import { NO_FOLDER } from './made-programs.ts';
import { succeed } from './execute.ts';
import { KeptRoot } from './kept-root.ts';

/** What the packages need, and what their tests look with. */
const INCLUDED = 'systemd,systemd-sysv,dbus,libstdc++6,libgcc-s1,libatomic1,passwd,curl,iproute2,zstd,sudo';
/** Another one when something else is included. */
const KEPT = new KeptRoot(`debian-bookworm-${hash('sha256', INCLUDED).slice(0, 8)}`);

/** Why packages cannot be tried here; undefined if they can. */
export const NO_DEBIAN =
  NO_FOLDER ??
  (process.getuid?.() === 0 ? undefined : 'it needs root, for a root folder of its own') ??
  missing('nfpm', '.ci/build-nfpm') ??
  missing('debootstrap', 'sudo apt install debootstrap') ??
  missing('systemd-nspawn', 'sudo apt install systemd-container');

function missing(tool: string, remedy: string): string | undefined {
  return findTool(tool) === undefined ? `no ${tool}: ${remedy}` : undefined;
}

/**
 * A fresh Debian 12 in a folder. It is fetched once, and kept in the user's cache.
 * @param name of its folder in `folder`
 */
export async function makeDebian(folder: string, name = 'debian'): Promise<string> {
  await KEPT.require(async (unfinished) => {
    await succeed('debootstrap', '--variant=minbase', `--include=${INCLUDED}`, 'bookworm', unfinished);
  });
  const root = join(folder, name);
  await succeed('cp', '-a', KEPT.folder, root);
  return root;
}
