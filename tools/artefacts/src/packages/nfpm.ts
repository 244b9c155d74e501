import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { MAINTAINER } from './maintainer.ts';
import type { Installed } from './package-files.ts';
import type { Kind, Platform, Product } from './product.ts';

/** A fault of making packages, in one line that says what to do. */
export class PackageError extends Error {
  override readonly name = 'PackageError';
  /** Stable. */
  readonly code: 'ERR_ARTEFACTS_NO_NFPM' | 'ERR_ARTEFACTS_NO_BUNDLE';

  constructor(code: PackageError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** What the loader of Node and of its addons needs: Node 26 has glibc 2.28, the QUIC addon 2.34. */
const DEBIAN_LIBRARIES = ['libc6 (>= 2.34)', 'libstdc++6', 'libgcc-s1', 'libatomic1'];
const RPM_LIBRARIES = ['glibc >= 2.34', 'libstdc++', 'libgcc', 'libatomic'];

/** What does not come from the product. */
export interface PackageOptions {
  /** The folder of the scripts that run at installation and removal. */
  readonly scripts: string;
  /** In seconds since 1970. */
  readonly madeAtSecs: number;
  /** `xz` is the smallest, and takes half a minute; it is the default. */
  readonly compression?: 'xz' | 'gzip';
}

/** What a package says and has, in the form that nfpm reads; JSON is YAML too. One description serves both kinds. */
export function describePackage(
  product: Product,
  platform: Platform,
  version: string,
  files: readonly Installed[],
  { scripts, madeAtSecs, compression = 'xz' }: PackageOptions,
): object {
  const isService = product.app === 'proxy';
  const mtime = new Date(madeAtSecs * 1_000).toISOString();
  return {
    name: product.name,
    arch: platform.nfpm,
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
    rpm: { compression, summary: product.summary, buildhost: 'localhost' },
  };
}

/**
 * Makes a package.
 * @param description see {@link describePackage}; written to `file`.json for nfpm.
 * @throws {PackageError} `ERR_ARTEFACTS_NO_NFPM` if there is no nfpm.
 */
export function makePackage(description: object, kind: Kind, file: string, descriptionFile: string): void {
  writeFileSync(descriptionFile, JSON.stringify(description, null, 2));
  const words = ['package', '--config', descriptionFile, '--packager', kind, '--target', file];
  const own = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'lightspeed', 'bin', 'nfpm');
  for (const program of [own, 'nfpm']) {
    try {
      execFileSync(program, words, { stdio: ['ignore', 'ignore', 'inherit'] });
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  throw new PackageError(
    'ERR_ARTEFACTS_NO_NFPM',
    'nfpm is not installed: .ci/build-nfpm builds it with any Go (apt-get install golang-go)',
  );
}
