import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findTool } from '../src/base/run-tool.ts';
import { WORKSPACE } from '../src/base/workspace.ts';

const UNIT = join(WORKSPACE, 'tools/artefacts/packaging/lightspeed-proxy.service');
const MAX_EXPOSURE = 1.5;

it('docs/operating.md shows the unit that packages bring', () => {
  const page = readFileSync(join(WORKSPACE, 'docs/operating.md'), 'utf8');
  expect(/^```ini\n([\s\S]*?)^```$/m.exec(page)?.[1]).toBe(readFileSync(UNIT, 'utf8'));
});

it.skipIf(findTool('systemd-analyze') === undefined)('the unit leaves the node little that it could do', () => {
  const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', UNIT], { encoding: 'utf8' });
  const exposure = Number(/Overall exposure level for \S+: (\d+\.\d)/.exec(stdout)?.[1]);
  expect(exposure).toBeGreaterThan(0);
  expect(exposure).toBeLessThanOrEqual(MAX_EXPOSURE);
});
