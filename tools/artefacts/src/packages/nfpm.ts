import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { requireTool, runTool } from '../base/run-tool.ts';
import { MAINTAINER } from './maintainer.ts';
import type { Installed } from './package-files.ts';
import type { Kind, PackagePlatform, Product } from './product.ts';

/** What the loader of Node and of its addons needs: Node 26 has glibc 2.28, the QUIC addon 2.34. */
const DEBIAN_LIBRARIES = ['libc6 (>= 2.34)', 'libstdc++6', 'libgcc-s1', 'libatomic1'];
const RPM_LIBRARIES = ['glibc >= 2.34', 'libstdc++', 'libgcc', 'libatomic'];

/** What does not come from the product. */
export interface PackageOptions {
  /** The folder of the scripts that run at installation and removal. */
  readonly scripts: string;
  /** In seconds since 1970. */
  readonly madeAtSecs: number;
  /** `xz` is the smallest, and takes half a minute; it is the default. `none` is for tests; RPM knows no such thing. */
  readonly compression?: 'xz' | 'none';
}

/** What a package says and has, in the form that nfpm reads; JSON is YAML too. One description serves both kinds. */
export function describePackage(
  product: Product,
  platform: PackagePlatform,
  version: string,
  files: readonly Installed[],
  { scripts, madeAtSecs, compression = 'xz' }: PackageOptions,
): object {
  const isService = product.app === 'proxy';
  const mtime = new Date(madeAtSecs * 1_000).toISOString();
  return {
    name: product.name,
    arch: platform.debian,
    platform: 'linux',
    version,
    version_schema: 'none',
    mtime,
    maintainer: MAINTAINER,
    description: `${product.summary}\n${product.description}`,
    license: 'MIT',
    section: 'net',
    priority: 'optional',
    contents: files.map(({ from, to, mode, isConfiguration = false, only }) => ({
      src: from,
      dst: to,
      type: isConfiguration ? 'config|noreplace' : undefined,
      packager: only,
      file_info: { mode, mtime, owner: 'root', group: 'root' },
    })),
    overrides: {
      deb: { depends: [...DEBIAN_LIBRARIES, ...(isService ? ['systemd | systemd-standalone-sysusers', 'passwd'] : [])] },
      rpm: { depends: [...RPM_LIBRARIES, ...(isService ? ['systemd', 'shadow-utils'] : [])] },
    },
    scripts: isService
      ? {
          postinstall: join(scripts, 'after-install.sh'),
          preremove: join(scripts, 'before-remove.sh'),
          postremove: join(scripts, 'after-remove.sh'),
        }
      : undefined,
    deb: { compression },
    rpm: { compression: compression === 'none' ? 'gzip:1' : compression, summary: product.summary, buildhost: 'localhost' },
  };
}

/**
 * Makes a package.
 * @param description see {@link describePackage}; written to `descriptionFile` for nfpm.
 * @param file where the package goes to; its folder is made.
 * @throws {ArtefactError} (rejection) if there is no nfpm, or it fails.
 */
export async function makePackage(description: object, kind: Kind, file: string, descriptionFile: string): Promise<void> {
  for (const path of [file, descriptionFile]) mkdirSync(dirname(path), { recursive: true });
  writeFileSync(descriptionFile, JSON.stringify(description, null, 2));
  const nfpm = requireTool(['nfpm'], '.ci/build-nfpm builds it with any Go (sudo apt install golang-go)');
  await runTool(nfpm, ['package', '--config', descriptionFile, '--packager', kind, '--target', file]);
}
