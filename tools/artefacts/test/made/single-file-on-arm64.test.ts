import { temporaryFolder } from '@lightspeed/lab';
import { describe, expect, it } from 'vitest';
import { manifestOf } from '../../src/base/workspace.ts';
import { EMULATED, NO_EMULATOR } from '../support/emulated-arm64.ts';
import { bareEnvironment, singleFile } from '../support/made-programs.ts';
import { playOpenMatch } from '../support/match.ts';
import { run } from '../support/run.ts';

const CLIENT = singleFile('lightspeed', 'linux-arm64') ?? '';
const PROXY = singleFile('lightspeed-proxy', `linux-${process.arch}`) ?? '';
const WHY_NOT = whyNot();

function whyNot(): string {
  if (CLIENT === '' || PROXY === '') return ' (not made: run pnpm artefacts single-file)';
  return NO_EMULATOR === undefined ? '' : ` (${NO_EMULATOR})`;
}

describe.skipIf(WHY_NOT !== '')(`single file on an emulated arm64${WHY_NOT}`, () => {
  const programs = (home: string) => ({
    client: [...EMULATED, CLIENT],
    proxy: [PROXY],
    env: bareEnvironment(home),
  });

  it('says its version, and decodes', async () => {
    await using folder = await temporaryFolder();
    const version = await run(programs(folder.path), 'client', ['--version']);
    const decoded = await run(programs(folder.path), 'client', ['decode', '-'], '0201000000000000');

    expect(version.stdout.trim()).toBe(manifestOf('client').version);
    expect(decoded.stdout + decoded.stderr).toContain('a packet has at least 20 bytes, this has 8');
  });

  it('carries 50 of 50 datagrams through an open node', async () => {
    await using folder = await temporaryFolder();

    expect(await playOpenMatch(programs(folder.path), folder.path)).toMatchObject({ answered: 50 });
  });
});
