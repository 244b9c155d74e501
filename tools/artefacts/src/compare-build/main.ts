import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ArtefactError } from '../base/artefact-error.ts';
import { madeAtSecs } from '../base/made-at.ts';
import { PLATFORMS } from '../base/platforms.ts';
import { startBuild } from '../base/start-build.ts';
import { nativeFiles } from '../bundle/native-files.ts';
import { singleFileParts } from '../bundle/program-files.ts';
import { bundlePrograms, makeProgramFolder } from '../bundle/program-folder.ts';
import { buildPackage } from '../packages/build-package.ts';
import { PACKAGE_PLATFORMS, PRODUCTS } from '../packages/product.ts';
import { buildProgram } from '../single-file/build-program.ts';

/*
 * One of the builds that `pnpm artefacts:compare` compares: of each kind of artefact one, in a folder that it is given.
 */

const [out] = process.argv.slice(2);
if (out === undefined) throw new ArtefactError('ERR_ARTEFACT_UNKNOWN', 'got no folder: give the one to build in');
const [platform] = PLATFORMS;
const [packagePlatform] = PACKAGE_PLATFORMS;
const [product] = PRODUCTS;

const say = startBuild();
const programs = join(out, platform.name, 'lib');
await makeProgramFolder(programs, platform, await bundlePrograms(say), say);
say(`packing ${product.name}`);
const folder = join(out, 'deb');
await buildPackage('deb', packagePlatform, product, { folder, programs, madeAtSecs: await madeAtSecs() });
// What it was made of has names of this folder in it.
rmSync(join(folder, 'scratch'), { recursive: true });
say('building a single file');
const parts = new Map([...(await nativeFiles(platform, say)), ...(await singleFileParts('client'))]);
await buildProgram(parts, join(out, 'single-files', `lightspeed-${platform.name}`));
