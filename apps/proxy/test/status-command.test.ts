import { expect, it } from 'vitest';
import { keptFolder } from './support/kept-folder.ts';
import { NodeProgram } from './support/node-program.ts';
import { Program } from './support/program.ts';

it('`status` says how the node is, and its exit code whether it serves', async () => {
  const stateDir = keptFolder();
  const ask = (...more: readonly string[]) => Program.run('status', '--state-dir', stateDir, ...more);
  expect(await ask()).toEqual({ code: 1, stdout: `no node runs with the state folder ${stateDir}\n`, stderr: '' });
  expect(await ask('--json')).toEqual({ code: 1, stdout: '{"state":"down"}\n', stderr: '' });
  await NodeProgram.startWith({}, '--state-dir', stateDir);
  expect(await ask()).toEqual({ code: 0, stdout: expect.stringMatching(/^the node is serving: version \S+, 0 sessions\n$/), stderr: '' });
  const { code, stdout } = await ask('--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ state: 'serving', sessions: 0 });
});

it('`drain --wait` returns when the node has ended', async () => {
  const stateDir = keptFolder();
  const node = await NodeProgram.startWith({}, '--state-dir', stateDir);
  expect(await Program.run('drain', '--wait', '--state-dir', stateDir)).toEqual({ code: 0, stdout: 'the node has ended\n', stderr: '' });
  expect(await node.exited).toEqual({ code: 0, signal: null });
  expect(await Program.run('drain', '--wait', '--state-dir', stateDir)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no node can be reached'),
  });
});
