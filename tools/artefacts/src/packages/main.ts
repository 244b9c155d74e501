import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ArtefactError } from '../base/artefact-error.ts';
import { madeAtSecs } from '../base/made-at.ts';
import { startBuild } from '../base/start-build.ts';
import { OUT } from '../base/workspace.ts';
import { buildPackage } from './build-package.ts';
import { KINDS, PACKAGE_PLATFORMS, PRODUCTS } from './product.ts';

/*
 * Makes the packages of one kind, `deb` or `rpm`, in out/KIND. docs/adr/0054-packages.md says how they are made up.
 */

const [word] = process.argv.slice(2);
const kind = KINDS.find((each) => each === word);
if (kind === undefined) throw new ArtefactError('ERR_ARTEFACT_UNKNOWN', `got kind '${word}': use ${KINDS.join(' or ')}`);

const say = startBuild();
const folder = join(OUT, kind);
rmSync(folder, { recursive: true, force: true });
const secs = await madeAtSecs();
for (const platform of PACKAGE_PLATFORMS) {
  for (const product of PRODUCTS) {
    say(`packing ${product.name} for ${platform.name}`);
    const file = await buildPackage(kind, platform, product, { folder, madeAtSecs: secs });
    say(`${file} is there, ${(statSync(file).size / 1e6).toFixed(1)} MB`);
  }
}
rmSync(join(folder, 'scratch'), { recursive: true });
