import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ArtefactError } from '../base/artefact-error.ts';
import { WORKSPACE } from '../base/workspace.ts';

/** What the lockfile says of a package. */
export interface LockedVersion {
  readonly version: string;
  /** As npm writes it: `sha512-`, and Base64. */
  readonly integrity: string;
}

/**
 * What pnpm's lockfile says of a package that it has in one version. The entry is found by its first two lines.
 * @throws {ArtefactError} `ERR_ARTEFACT_FETCH` if the package is not in there.
 */
export function lockedVersion(name: string, lockfile: string = readFileSync(join(WORKSPACE, 'pnpm-lock.yaml'), 'utf8')): LockedVersion {
  const literal = name.replaceAll(/[^\w@-]/g, String.raw`\$&`);
  const entry = new RegExp(String.raw`^  '?${literal}@([^'():\s]+)'?:\n    resolution: \{integrity: (sha512-[\w+/=]+)`, 'm');
  const [, version, integrity] = entry.exec(lockfile) ?? [];
  if (version !== undefined && integrity !== undefined) return { version, integrity };
  throw new ArtefactError('ERR_ARTEFACT_FETCH', `pnpm-lock.yaml has no package ${name}: run npx -y pnpm@12.21.0 install`);
}
