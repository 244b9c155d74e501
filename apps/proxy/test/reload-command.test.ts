import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { keptFolder } from './support/kept-folder.ts';
import { NodeProgram } from './support/node-program.ts';
import { MAIN, Program } from './support/program.ts';

/** A node whose program and configuration are files that can be replaced. */
async function scene() {
  const folder = keptFolder();
  const [main, config] = [join(folder, 'main.mjs'), join(folder, 'node.toml')];
  const stateDir = join(folder, 'state');
  const install = (...more: readonly string[]) =>
    writeFileSync(main, `process.argv.push(...${JSON.stringify(more)});\nawait import(${JSON.stringify(MAIN)});\n`);
  install();
  writeFileSync(config, '');
  const program = await NodeProgram.startWith({ main }, '--config', config, '--state-dir', stateDir);
  return { config, install, program, reload: () => Program.run('reload', '--state-dir', stateDir) };
}

it('`reload` has the node read its configuration again, and says what counts from now on and what does not', async () => {
  const { config, program, reload } = await scene();
  writeFileSync(config, '[server]\nregion = "there"\ndrain_secs = 5\n');
  expect(await reload()).toEqual({
    code: 0,
    stdout: 'the node has read its configuration again: changed: server.drain_secs; after a restart only: server.region\n',
    stderr: '',
  });
  expect((await reload()).stdout).toBe(
    'the node has read its configuration again: nothing has changed; after a restart only: server.region\n',
  );
  expect(program.starts).toBe(1);
});

it('`reload` fails where the configuration cannot be used, and the node serves on with the one from before', async () => {
  const { config, program, reload } = await scene();
  writeFileSync(config, '[server]\nregoin = "there"\n');
  const { code, stderr } = await reload();
  expect(code).toBe(1);
  expect(stderr).toMatch(/^lightspeed-proxy: the node refuses: .*did you mean region\?.*\n$/);
  expect(await program.logged('the configuration cannot be used')).toMatchObject({ level: 50 });
  expect(program.starts).toBe(1);
});

it('`reload` restarts the node where its program was replaced', async () => {
  const { install, program, reload } = await scene();
  install('--node-id', 'of the new version');
  const { code, stdout, stderr } = await reload();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^the node has restarted: version \S+, 0 sessions\n$/);
  expect(program.log.findLast(({ msg }) => msg === 'node serves')).toMatchObject({ node: 'of the new version' });
  // What runs now is what was started: there is nothing to replace any more.
  expect((await reload()).stdout).toMatch(/^the node has read its configuration again/);
  expect(program.starts).toBe(2);
});

it.each([
  ['drain', 'the node drains\n'],
  ['restart', expect.stringMatching(/^the node has restarted/)],
  ['reload', expect.stringMatching(/^the node has read/)],
] as const)('`%s` finds the node of a service by $STATE_DIRECTORY', async (command, stdout) => {
  const folder = keptFolder();
  await NodeProgram.startWith({ env: { STATE_DIRECTORY: folder } });
  expect(await new Program([command], { env: { STATE_DIRECTORY: folder } }).result()).toEqual({ code: 0, stdout, stderr: '' });
});
