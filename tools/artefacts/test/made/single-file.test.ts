import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '@lightspeed/lab';
import { describe, expect, it } from 'vitest';
import { manifestOf } from '../../src/base/workspace.ts';
import { bareEnvironment, singleFile } from '../support/made-programs.ts';
import type { MadePrograms } from '../support/made-programs.ts';
import { playMatch } from '../support/match.ts';
import { run } from '../support/run.ts';

const PLATFORM = `linux-${process.arch}`;
const CLIENT = singleFile('lightspeed', PLATFORM) ?? '';
const PROXY = singleFile('lightspeed-proxy', PLATFORM) ?? '';
const NOT_MADE = CLIENT === '' || PROXY === '' ? ' (not made: run pnpm artefacts single-file)' : '';
const NO_MOUNTS = canMount() ? '' : ' (needs root, to mount file systems)';
const MAX_COMPRESSED_BYTES = 35_000_000;

function canMount(): boolean {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function singleFiles(home: string): MadePrograms {
  return { client: [CLIENT], proxy: [PROXY], env: bareEnvironment(home) };
}

/** The client sees another file system, with these options, in place of a folder. */
function clientWith(mounted: string, options: string, env: NodeJS.ProcessEnv): MadePrograms {
  const within = ['unshare', '-m', 'sh', '-c', `mount -t tmpfs -o ${options} tmpfs "$0" && exec "$@"`, mounted];
  return { client: [...within, CLIENT], proxy: [PROXY], env };
}

describe.skipIf(NOT_MADE !== '')(`single file${NOT_MADE}`, () => {
  it('lets a client register at a node by native QUIC, and carries 50 of 50 datagrams in batches', async () => {
    await using folder = await temporaryFolder();
    const match = await playMatch(singleFiles(folder.path), folder.path, ['--io', 'batch']);

    expect(match.node).toEqual({ engine: 'batch', quic: 'native' });
    expect(match.client).toContainEqual(expect.stringContaining('batch engine'));
    expect(match.clientAddons).toEqual(['http3.node', 'koffi.node']);
    expect(match.answered).toBe(50);
    expect(readdirSync(join(folder.path, '.cache/lightspeed'))).toHaveLength(2);
  });

  it('says its version, decodes, and prints the dissector without extracting anything', async () => {
    await using folder = await temporaryFolder();
    const programs = singleFiles(folder.path);
    const versions = await Promise.all((['client', 'proxy'] as const).map((program) => run(programs, program, ['--version'])));
    const decoded = await run(programs, 'client', ['decode', '-'], '0201000000000000');
    const dissector = await run(programs, 'client', ['dissector']);

    expect(versions.map(({ stdout }) => stdout.trim())).toEqual([manifestOf('client').version, manifestOf('proxy').version]);
    expect(decoded.stdout + decoded.stderr).toContain('a packet has at least 20 bytes, this has 8');
    expect(dissector.stdout).toContain('Proto(');
    expect(existsSync(join(folder.path, '.cache'))).toBe(false);
  });

  it('does not take options for Node from the environment', async () => {
    await using folder = await temporaryFolder();
    const programs = singleFiles(folder.path);
    const env = { ...programs.env, NODE_OPTIONS: '--require /nowhere.js' };

    expect(await run({ ...programs, env }, 'client', ['--version'])).toMatchObject({ code: 0 });
  });

  it('has a compressed form of at most 35 MB, and sums that fit', () => {
    expect(statSync(`${CLIENT}.zst`).size).toBeLessThan(MAX_COMPRESSED_BYTES);
    expect(execFileSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: dirname(CLIENT), encoding: 'utf8' })).toBe('');
  });
});

describe.skipIf(NOT_MADE !== '' || NO_MOUNTS !== '')(`single file on other file systems${NOT_MADE}${NO_MOUNTS}`, () => {
  it('is as fast where files for temporary use cannot be executed', async () => {
    await using folder = await temporaryFolder();
    const temporary = join(folder.path, 'temporary');
    mkdirSync(temporary);
    const env = { ...bareEnvironment(folder.path), TMPDIR: temporary };
    const match = await playMatch(clientWith(temporary, 'noexec', env), folder.path, ['--io', 'batch']);

    expect(match).toMatchObject({ answered: 50, clientAddons: ['http3.node', 'koffi.node'] });
  });

  it('is as fast with a home that is read-only', async () => {
    await using folder = await temporaryFolder();
    const home = join(folder.path, 'home');
    mkdirSync(home);
    const match = await playMatch(clientWith(home, 'ro', bareEnvironment(home)), folder.path, ['--io', 'batch']);

    expect(match).toMatchObject({ answered: 50, clientAddons: ['http3.node', 'koffi.node'] });
  });

  it('carries the game without native code where nothing can be executed, says so, and refuses batches', async () => {
    await using folder = await temporaryFolder();
    const home = join(folder.path, 'home');
    mkdirSync(home);
    const programs = clientWith(home, 'noexec', { ...bareEnvironment(home), TMPDIR: home });
    const match = await playMatch(programs, folder.path);
    const refused = await run(programs, 'client', [
      'play',
      '--open',
      '--node',
      '127.0.0.1:9',
      '--game-server',
      '127.0.0.1:9',
      '--io',
      'batch',
    ]);

    expect(match).toMatchObject({ answered: 50, clientAddons: [] });
    expect(match.client).toContainEqual(expect.stringMatching(/portable engine: .*koffi\.node cannot be loaded from .*XDG_CACHE_HOME/));
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/batch engine cannot work here: .*koffi\.node cannot be loaded/);
  });
});
