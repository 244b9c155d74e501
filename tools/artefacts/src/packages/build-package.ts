import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ArtefactError } from '../base/artefact-error.ts';
import { OUT, WORKSPACE, manifestOf } from '../base/workspace.ts';
import { describePackage, makePackage } from './nfpm.ts';
import type { PackageOptions } from './nfpm.ts';
import { packageFiles } from './package-files.ts';
import { packageFile } from './product.ts';
import type { Kind, PackagePlatform, Product } from './product.ts';

/** What differs between packages for users and those that tests make. */
export interface BuildOptions extends Pick<PackageOptions, 'compression' | 'madeAtSecs'> {
  /** Where the package goes to. */
  readonly folder: string;
  /** The program's own unless it is given. */
  readonly version?: string;
  /** The program folder; what `pnpm artefacts bundle` made unless it is given. */
  readonly programs?: string;
}

/**
 * Builds one package from a program folder.
 * @returns its file.
 * @throws {ArtefactError} (rejection) if there is no program folder, or no nfpm.
 */
export async function buildPackage(kind: Kind, platform: PackagePlatform, product: Product, options: BuildOptions): Promise<string> {
  const {
    folder,
    madeAtSecs,
    version = manifestOf(product.app).version,
    programs = join(OUT, platform.name, 'lib'),
    compression,
  } = options;
  if (!existsSync(join(programs, product.app, 'main.js'))) {
    throw new ArtefactError('ERR_ARTEFACT_BUNDLE', `${programs} has no ${product.app}/main.js: run pnpm artefacts bundle first`);
  }
  const scratch = join(folder, 'scratch', platform.name, product.name);
  const files = packageFiles(product, { root: WORKSPACE, programs, scratch, version, madeAtSecs });
  const file = join(folder, packageFile(product, version, platform, kind));
  const scripts = join(WORKSPACE, 'tools/artefacts/packaging');
  const description = describePackage(product, platform, version, files, { scripts, madeAtSecs, compression });
  await makePackage(description, kind, file, join(scratch, 'nfpm.json'));
  return file;
}
