import { existsSync } from 'node:fs';
import { findProgram, temporaryFolder } from '@lightspeed/lab';
import { describe, expect, it } from 'vitest';
import { manifestOf } from '../../src/base/workspace.ts';
import { bareEnvironment, singleFile } from '../support/made-programs.ts';
import { playOpenMatch } from '../support/match.ts';
import { run } from '../support/run.ts';

/** Where Debian puts the libraries of arm64 for emulated programs. */
const LIBRARIES = '/usr/aarch64-linux-gnu';
const EMULATOR = findProgram('qemu-aarch64-static') ?? '';
const CLIENT = singleFile('lightspeed', 'linux-arm64') ?? '';
const PROXY = singleFile('lightspeed-proxy', `linux-${process.arch}`) ?? '';
const WHY_NOT = whyNot();

function whyNot(): string {
  if (CLIENT === '' || PROXY === '') return ' (not made: run pnpm artefacts single-file)';
  const hasLibraries = existsSync(`${LIBRARIES}/lib/libatomic.so.1`) && existsSync(`${LIBRARIES}/lib/libstdc++.so.6`);
  const packages = 'qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross libatomic1-arm64-cross';
  return EMULATOR === '' || !hasLibraries ? ` (no emulated arm64: sudo apt install ${packages})` : '';
}

describe.skipIf(WHY_NOT !== '')(`single file on an emulated arm64${WHY_NOT}`, () => {
  const programs = (home: string) => ({
    client: [EMULATOR, '-L', LIBRARIES, CLIENT],
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
