import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { findTool } from '../../src/base/run-tool.ts';
import { WORKSPACE } from '../../src/base/workspace.ts';
import { succeed } from './execute.ts';
import { KeptRoot } from './kept-root.ts';

/** What an installation is made from. */
const SETTINGS = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', '.pnpmfile.cjs', 'tsconfig.base.json', 'vitest.config.ts'];
/** For another processor than this one. */
const INSTALL = ['install', '--frozen-lockfile', '--ignore-scripts', '--cpu=arm64', '--os=linux', '--libc=glibc'];
/** `udp`, and the packages that it is made of. */
const PACKAGES = ['udp', 'memory', 'wire'];
const SOURCES = ['src', 'test', 'tsconfig.json', 'tsconfig.lib.json', 'tsconfig.spec.json'];
const LOCKFILE = readFileSync(join(WORKSPACE, 'pnpm-lock.yaml'));
const KEPT = new KeptRoot(`udp-arm64-${hash('sha256', Buffer.concat([LOCKFILE, Buffer.from(INSTALL.join())])).slice(0, 8)}`);

/** Why the tests of `packages/udp` cannot be installed for arm64 here; undefined if they can. */
export const NO_ARM64_WORKSPACE = findTool('pnpm') === undefined ? 'no pnpm: run pnpm artefacts:test' : undefined;

/**
 * This workspace with the libraries of arm64, of the same versions, and with the sources of `packages/udp` as they are now. Libraries are
 * fetched once, and kept in the user's cache.
 * @returns its folder
 */
export async function arm64Workspace(): Promise<string> {
  await KEPT.require(async (unfinished) => {
    const manifests = (await succeed('git', '-C', WORKSPACE, 'ls-files', '*package.json')).trim().split('\n');
    for (const file of [...SETTINGS, ...manifests]) cpSync(join(WORKSPACE, file), join(unfinished, file));
    const filters = ['--filter', '.', '--filter', '@lightspeed/udp...'];
    await succeed(findTool('pnpm') ?? 'pnpm', '--dir', unfinished, ...INSTALL, ...filters);
  });
  for (const name of PACKAGES) {
    for (const source of SOURCES) {
      const to = join(KEPT.folder, 'packages', name, source);
      rmSync(to, { recursive: true, force: true });
      cpSync(join(WORKSPACE, 'packages', name, source), to, { recursive: true });
    }
  }
  mkdirSync(join(KEPT.folder, 'node_modules/.no-settings'), { recursive: true });
  return KEPT.folder;
}
