import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { requireTool, runTool } from '../base/run-tool.ts';

/** What Node and the native code need of a system, and the names of services. */
const PACKAGES = ['base-files', 'libc6', 'libstdc++6', 'libgcc-s1', 'libatomic1', 'netbase'];
/** What runtimes of containers make, what package tools and readers of manuals need, and what names the mirror of the packages. */
const NOT_NEEDED = [
  'dev',
  'etc/apt',
  'usr/lib/apt',
  'usr/share/bash-completion',
  'usr/share/debconf',
  'usr/share/gcc',
  'usr/share/gdb',
  'usr/share/info',
  'usr/share/lintian',
  'usr/share/man',
  'usr/share/perl5',
  'var/cache',
  'var/lib/apt',
  'var/lib/dpkg',
  'var/log',
];

/**
 * Unpacks a small Debian, without running anything of it: so it may be of another architecture than this machine's.
 * @param folder is made.
 * @param architecture as Debian calls it.
 * @throws {ArtefactError} (rejection) without mmdebstrap, or as it fails.
 */
export async function unpackDebian(folder: string, architecture: string): Promise<void> {
  const mmdebstrap = requireTool(['mmdebstrap'], 'sudo apt install mmdebstrap');
  const options = ['--variant=extract', `--include=${PACKAGES.join(',')}`, `--architectures=${architecture}`, '--quiet'];
  await runTool(mmdebstrap, [...options, 'bookworm', folder]);
  for (const name of NOT_NEEDED) rmSync(join(folder, name), { recursive: true, force: true });
}
