import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ForeignProcess, temporaryFolder } from '@lightspeed/lab';
import { describe, expect, it } from 'vitest';
import { manifestOf } from '../../src/base/workspace.ts';
import { NO_FOLDER, PROGRAM_FOLDER, programsInFolder } from '../support/made-programs.ts';
import { playMatch } from '../support/match.ts';
import { run } from '../support/run.ts';

const START_MS = 30_000;
const MAX_INSTALLED_BYTES = 130_000_000;
/** No packet: what `decode` says of them comes from the program, as of any bytes. */
const SOME_BYTES = '0201000000000000';

describe.skipIf(NO_FOLDER !== undefined)(`program folder${NO_FOLDER === undefined ? '' : ` (${NO_FOLDER})`}`, () => {
  it('lets a client register at a node by native QUIC, and carries 50 of 50 datagrams in batches', async () => {
    await using folder = await temporaryFolder();
    const match = await playMatch(programsInFolder(folder.path), folder.path);

    expect(match.node).toEqual({ engine: 'batch', quic: 'native' });
    expect(match.client).toContainEqual(expect.stringContaining('batch engine'));
    expect(match.clientAddons).toEqual(['http3.node', 'koffi.node']);
    expect(match.answered).toBe(50);
  });

  it.each(['client', 'proxy'] as const)('says the version of the package of %s', async (program) => {
    await using folder = await temporaryFolder();
    const { code, stdout } = await run(programsInFolder(folder.path), program, ['--version']);

    expect({ code, said: stdout.trim() }).toEqual({ code: 0, said: manifestOf(program).version });
  });

  it('decodes, prints the dissector, and has no matches in its history', async () => {
    await using folder = await temporaryFolder();
    const programs = programsInFolder(folder.path);
    const decoded = await run(programs, 'client', ['decode', '-'], SOME_BYTES);
    const dissector = await run(programs, 'client', ['dissector']);
    const history = await run(programs, 'client', ['history']);

    expect(decoded.stdout + decoded.stderr).toContain('a packet has at least 20 bytes, this has 8');
    expect(dissector.stdout).toContain('Proto(');
    expect(history).toMatchObject({ code: 0 });
  });

  it('serves the live page with all its files', async () => {
    await using folder = await temporaryFolder();
    const { client, env } = programsInFolder(folder.path);
    const [file = '', ...words] = client;
    const open = ['play', '--open', '--node', '127.0.0.1:9', '--game-server', '127.0.0.1:9', '--listen', '127.0.0.1:0'];
    await using playing = new ForeignProcess(file, [...words, ...open], env);
    const [address = ''] = /http:\S+/.exec(await playing.line(/^live page: /, START_MS)) ?? [];
    const html = await (await fetch(address)).text();
    const names = [...html.matchAll(/(?:src|href)="(\/[\w./-]+\.(?:js|css))"/g)].map(([, name = '']) => name);
    const answers = await Promise.all(
      [...names, '/uplot.js', '/charts.js'].map(async (name) => (await fetch(new URL(name, address))).status),
    );

    expect(names).toContain('/page.js');
    expect(new Set(answers)).toEqual(new Set([200]));
  });

  it('takes at most 130 MB with either program', () => {
    const shared = sizeOf(PROGRAM_FOLDER) - sizeOf(join(PROGRAM_FOLDER, 'client')) - sizeOf(join(PROGRAM_FOLDER, 'proxy'));

    expect(shared + sizeOf(join(PROGRAM_FOLDER, 'client'))).toBeLessThan(MAX_INSTALLED_BYTES);
    expect(shared + sizeOf(join(PROGRAM_FOLDER, 'proxy'))).toBeLessThan(MAX_INSTALLED_BYTES);
  });
});

function sizeOf(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => statSync(join(folder, name)));
  return files.filter((status) => status.isFile()).reduce((sum, { size }) => sum + size, 0);
}
