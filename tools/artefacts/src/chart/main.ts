import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startBuild } from '../base/start-build.ts';
import { requireTool, runTool } from '../base/run-tool.ts';
import { OUT, WORKSPACE, manifestOf } from '../base/workspace.ts';

/* Checks the Helm chart of nodes, and packs it in out/chart. It installs the image of the proxy's version. */

const say = startBuild();
const helm = requireTool(['helm'], '.ci/build-helm builds it with any Go (sudo apt install golang-go)');
const chart = join(WORKSPACE, 'deploy/chart/lightspeed-proxy');
const folder = join(OUT, 'chart');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
await runTool(helm, ['lint', '--strict', chart]);
await runTool(helm, ['package', chart, '--app-version', manifestOf('proxy').version, '--destination', folder]);
// A package of npm has the same name, and a release has both.
for (const name of readdirSync(folder)) {
  const file = join(folder, name.replace(/^lightspeed-proxy-/, 'lightspeed-proxy-chart-'));
  renameSync(join(folder, name), file);
  say(`${file} is there`);
}
