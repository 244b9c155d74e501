import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startBuild } from '../base/start-build.ts';
import { PNPM_REMEDY, requireTool, runTool } from '../base/run-tool.ts';
import { OUT } from '../base/workspace.ts';
import { publicPackages } from './public-packages.ts';

/*
 * Packs all public packages into out/npm, as they are published. Nx has checked each of them before (`pack-check`).
 */

const say = startBuild();
const folder = join(OUT, 'npm');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const pnpm = requireTool(['pnpm'], PNPM_REMEDY);
const packages = publicPackages();
say(`packing ${packages.length} packages`);
for (const { folder: cwd } of packages) await runTool(pnpm, ['pack', '--pack-destination', folder], { cwd });
say(`${folder} is there, with ${readdirSync(folder).length} packages`);
