import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { ForeignProcess, NodeProgram, temporaryFolder } from '@lightspeed/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestOf } from '../../src/base/workspace.ts';
import { NO_INSTALLATION, installGlobally } from '../support/installed-packages.ts';
import type { MadePrograms } from '../support/made-programs.ts';
import { playMatch } from '../support/match.ts';
import { run } from '../support/run.ts';

/** The system's own Node, if it is one that is too old. */
const OLD_NODE = ['/usr/bin/node', '/usr/local/bin/node'].find((file) => existsSync(file) && versionOf(file) < 24);
const INSTALL_MS = 180_000;
const END_MS = 30_000;

describe.skipIf(NO_INSTALLATION !== undefined)(
  `npm install --global${NO_INSTALLATION === undefined ? '' : ` (${NO_INSTALLATION})`}`,
  () => {
    let programs: MadePrograms;
    const undo = new AsyncDisposableStack();

    beforeAll(async () => {
      programs = await installGlobally(undo.use(await temporaryFolder()).path);
    }, INSTALL_MS);
    afterAll(() => undo.disposeAsync());

    it.each(['client', 'proxy'] as const)('installs %s, which says its version', async (program) => {
      const { code, stdout } = await run(programs, program, ['--version']);

      expect({ code, said: stdout.trim() }).toEqual({ code: 0, said: manifestOf(program).version });
    });

    it('lets a client register at a node by native QUIC, and carries 50 of 50 datagrams in batches', async () => {
      await using folder = await temporaryFolder();
      const match = await playMatch(programs, folder.path);

      expect(match.node).toEqual({ engine: 'batch', quic: 'native' });
      expect(match.answered).toBe(50);
    });

    it('pings a node that it registers at, with 3 of 3 answers', async () => {
      await using folder = await temporaryFolder();
      const [, program = ''] = programs.proxy;
      await using node = await NodeProgram.start({
        ...{ program, nodeFlags: [], allow: [], admit: 'whoever registers', stateDir: folder.path },
      });
      const { host, port } = node.settings;
      const words = ['ping', '--node', `${host}:${port}`, '--pin', node.pinText, '--count', '3'];
      const { code, stdout, stderr } = await run(programs, 'client', words);

      expect({ code, said: stdout + stderr }).toEqual({ code: 0, said: expect.stringMatching(/3 sent, 3 (answered|received)/) });
    });

    it.skipIf(OLD_NODE === undefined)('says in one line that an old Node is too old (needs a system that has one)', async () => {
      const [, program = ''] = programs.client;
      await using old = new ForeignProcess(OLD_NODE ?? '', [program, '--version'], programs.env);
      await old.line(/this needs Node \d+ or newer, and runs on Node/, END_MS);

      expect(await old.exitCode()).toBe(1);
      expect(old.lines).toHaveLength(1);
    });
  },
);

function versionOf(file: string): number {
  return Number.parseInt(execFileSync(file, ['--version'], { encoding: 'utf8' }).slice(1), 10);
}
