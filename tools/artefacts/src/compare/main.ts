import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArtefactError } from '../base/artefact-error.ts';
import { madeAtSecs } from '../base/made-at.ts';
import { startProgress } from '../base/progress.ts';
import { runTool } from '../base/run-tool.ts';
import { WORKSPACE } from '../base/workspace.ts';
import { compareTrees } from './compare-trees.ts';
import { copyWorkspace } from './copied-workspace.ts';
import { unpackPackages } from './unpacked-packages.ts';

/*
 * Builds program folder, package and single file twice, the second time from a copy of the workspace. There, path, time, time zone, language,
 * umask and the folder for temporary files are others. Names every difference. The exit code is 0 if there is none.
 */

const BUILD = 'tools/artefacts/src/compare-build/main.ts';
/** What differs besides the place. */
const OTHERWISE = { TZ: 'Pacific/Auckland', LC_ALL: 'C', LANG: 'C' };

const say = startProgress();
const work = mkdtempSync(join(tmpdir(), 'lightspeed-compare-'));
try {
  process.exitCode = await compare();
} catch (error) {
  if (!(error instanceof ArtefactError)) throw error;
  process.stderr.write(`artefacts:compare: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function compare(): Promise<number> {
  const [copy, first, second] = ['a copy of the workspace', 'first', 'second'].map((name) => join(work, name));
  const same = { SOURCE_DATE_EPOCH: String(await madeAtSecs()) };
  say('building here, which takes half a minute');
  await build(WORKSPACE, first, '022', same);
  say('copying the workspace');
  await copyWorkspace(copy);
  say('building in the copy');
  await build(copy, second, '077', { ...same, ...OTHERWISE, TMPDIR: work });
  let differences = compareTrees(first, second);
  if (differences.some((text) => text.includes('.deb: '))) {
    for (const folder of [first, second]) await unpackPackages(join(folder, 'deb'));
    differences = compareTrees(first, second);
  }
  for (const difference of differences) process.stdout.write(`${difference}\n`);
  say(differences.length === 0 ? 'both builds are equal' : `${differences.length} differences`);
  return differences.length === 0 ? 0 : 1;
}

/** Runs one build with a Node of its own, which sees a workspace where it is. */
async function build(workspace: string, out: string, umask: string, env: NodeJS.ProcessEnv): Promise<void> {
  const words = ['--conditions=@lightspeed/source', join(workspace, BUILD), out];
  const script = `umask ${umask} && exec "$@"`;
  await runTool('/bin/sh', ['-c', script, 'sh', process.execPath, ...words], { cwd: workspace, env: { ...process.env, ...env } });
}
