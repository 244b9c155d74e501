import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { madeAtSecs } from '../base/made-at.ts';
import { startBuild } from '../base/start-build.ts';
import { PNPM_REMEDY, requireTool, runTool } from '../base/run-tool.ts';
import { COMMANDS, OUT, PROGRAMS, WORKSPACE, manifestOf } from '../base/workspace.ts';
import type { Bill } from './bill.ts';
import { completeBill } from './complete-bill.ts';
import { shippedComponents } from './shipped-components.ts';

/*
 * Makes out/sbom: for each program the list of all that is in it, in the form of CycloneDX.
 */

/** What tools of the last years read. */
const SPECIFICATION = '1.6';

const say = startBuild();
const folder = join(OUT, 'sbom');
const secs = await madeAtSecs();
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const program of PROGRAMS) {
  const { name, version } = manifestOf(program);
  say(`listing what is in ${name}`);
  const form = ['--sbom-format', 'cyclonedx', '--sbom-spec-version', SPECIFICATION, '--sbom-type', 'application'];
  const said = await runTool(requireTool(['pnpm'], PNPM_REMEDY), ['sbom', ...form, '--prod', '--filter', name], { cwd: WORKSPACE });
  const bill = completeBill(JSON.parse(said) as Bill, shippedComponents(), secs);
  writeFileSync(join(folder, `${COMMANDS[program]}-${version}.cdx.json`), `${JSON.stringify(bill, undefined, 2)}\n`);
}
say(`${folder} is there`);
