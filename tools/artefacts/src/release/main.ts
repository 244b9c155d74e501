import { existsSync, linkSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startBuild } from '../base/start-build.ts';
import { writeSums } from '../base/sums.ts';
import { OUT } from '../base/workspace.ts';
import { releaseFiles } from './release-files.ts';

/*
 * Makes out/release: every file that users download, in one folder, with the SHA-256 sums of all of them. Files are links, so they take no room.
 */

const say = startBuild();
const folder = join(OUT, 'release');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const names = existsSync(OUT) ? readdirSync(OUT, { recursive: true, encoding: 'utf8' }) : [];
const files = releaseFiles(names);
for (const [name, file] of files) linkSync(join(OUT, file), join(folder, name));
say(`summing ${files.size} files`);
writeSums(folder);
say(`${folder} is there`);
