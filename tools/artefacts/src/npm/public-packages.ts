import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { WORKSPACE } from '../base/workspace.ts';

/** A package that everybody may install. */
export interface PublicPackage {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
}

/** All packages of the workspace that are published. Those that say `private` are not. @throws {Error} what the system says. */
export function publicPackages(): readonly PublicPackage[] {
  return ['packages', 'apps'].flatMap((group) =>
    readdirSync(join(WORKSPACE, group))
      .toSorted()
      .map((name) => join(WORKSPACE, group, name))
      .filter((folder) => existsSync(join(folder, 'package.json')))
      .map((folder) => ({ folder, ...manifestIn(folder) }))
      .filter((manifest) => manifest.private !== true),
  );
}

function manifestIn(folder: string): { readonly name: string; readonly version: string; readonly private?: boolean } {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string; version: string; private?: boolean };
}
