import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@lightspeed/lab';
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { findTool } from '../src/base/run-tool.ts';
import { WORKSPACE } from '../src/base/workspace.ts';
import { configManual } from '../src/packages/config-manual.ts';

const packaged = readFileSync(join(WORKSPACE, 'tools/artefacts/packaging/node.toml'), 'utf8');
const manual = configManual(readFileSync(join(WORKSPACE, 'docs/operating.md'), 'utf8'), '1.0.0', '2025-11-28');
/** A line that is a key once its mark of a comment is gone. */
const KEY = /^(?:# )?([a-z_]+) = /gm;

/** What the node says of a file. */
async function checked(toml: string) {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'node.toml');
  await writeFile(file, toml);
  const main = join(WORKSPACE, 'apps/proxy/src/main.ts');
  const words = ['--conditions=@lightspeed/source', main, 'serve', '--config', file, '--check', '--state-dir', join(folder.path, 'state')];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('the configuration that packages bring', () => {
  it('is one with which a node starts, as it is and with all that it shows', async () => {
    expect(await checked(packaged)).toMatchObject({ status: 0, stderr: '' });
    // The issuer is no key, so that nobody can have it by mistake.
    const all = packaged.replace(/^# (?=[a-z_]+ = )/gm, '').replace(/^issuer_keys.*$/m, '');
    expect(await checked(all)).toMatchObject({ status: 0, stderr: '' });
  });

  it('has only keys that the manual page explains', () => {
    const names = [...packaged.matchAll(KEY)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(manual).toContain(`\n\\fB${name}\\fR`);
  });
});

describe('node.toml(5)', () => {
  it('has every key that a node knows', async () => {
    const { stdout } = await checked('');
    const names = [...stdout.matchAll(/^([a-z_]+) = /gm)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(30);
    for (const name of names) expect(manual).toContain(`\n\\fB${name}\\fR`);
  });

  it.skipIf(findTool('mandoc') === undefined)('has nothing of which mandoc warns', () => {
    expect(spawnSync('mandoc', ['-Tlint', '-W', 'warning'], { input: manual, encoding: 'utf8' })).toMatchObject({ stdout: '', status: 0 });
  });
});
