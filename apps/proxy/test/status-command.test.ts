import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatIssuerKey } from '@lightspeed/security';
import { SigningKey } from '@lightspeed/security/node';
import { expect, it } from 'vitest';
import { runningStateDir } from '../src/cli/flags.ts';
import { keptFolder } from './support/kept-folder.ts';
import { NodeProgram } from './support/node-program.ts';
import { Program } from './support/program.ts';
import { playingClient } from './support/registered-client.ts';
import { registrarNode } from './support/scene.ts';

const ISSUER = formatIssuerKey(SigningKey.generate().publicKey);

it.each([
  [['--issuer-key', ISSUER], `who has a ticket of ${ISSUER}`],
  [['--control-bind', '0.0.0.0:0'], 'nobody yet: put the key that lightspeed-proxy ticket keygen prints into issuer_keys'],
  [['--control-bind', '127.0.0.1:0'], 'anybody'],
])('`status` shows where players register, the pin, and who may: %j', async (flags, who) => {
  const stateDir = keptFolder();
  const program = await NodeProgram.start('--state-dir', stateDir, ...flags);
  const { code, stdout, stderr } = await Program.run('status', '--state-dir', stateDir);

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^the node is serving: version \d\S+, 0 sessions\n/);
  expect(stdout).toContain(`:${program.controlAddress?.port}, UDP\n`);
  expect(stdout).toContain(`:${program.dataAddress.port}, UDP\n`);
  expect(stdout).toContain(`${program.controlPin}\n`);
  expect(stdout).toContain(who);
});

it('`status --wait` waits for a node that is started meanwhile', async () => {
  const stateDir = keptFolder();
  const waiting = new Program(['status', '--state-dir', stateDir, '--wait', '1m']);
  await NodeProgram.start('--state-dir', stateDir);
  const { code, stdout } = await waiting.result();
  expect(code).toBe(0);
  expect(stdout).toMatch(/^the node is serving/);
});

it('`status --wait` waits for no node whose process has ended', async () => {
  const ended = new Program(['--version']);
  await ended.ended;
  const waiting = new Program(['status', '--state-dir', keptFolder(), '--wait', '52w'], { env: { MAINPID: String(ended.pid) } });
  expect(await waiting.result()).toMatchObject({ code: 1, stderr: expect.stringContaining('none runs with this state folder') as string });
});

it('without a node, `status` says so at once', async () => {
  const { code, stdout, stderr } = await Program.run('status', '--state-dir', keptFolder());
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/none runs with this state folder \(ENOENT\); start one/);
});

it('commands find the folder of the packages’ service, unless a node of this user runs or the folder is given', () => {
  const home = keptFolder();
  const packaged = keptFolder();
  const own = join(home, 'lightspeed-proxy', '4433');
  const found = (environment = {}, service = packaged) => runningStateDir(service, { XDG_STATE_HOME: home, ...environment });

  expect(found()).toBe(packaged);
  expect(found({}, join(home, 'nowhere'))).toBe(own);
  expect(found({ STATE_DIRECTORY: '/run/given' })).toBe('/run/given');
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'node.sock'), '');
  expect(found()).toBe(own);
});

it('`drain --wait` returns when the node has ended', async () => {
  const stateDir = keptFolder();
  const node = await NodeProgram.startWith({}, '--state-dir', stateDir);
  expect(await Program.run('drain', '--wait', '--state-dir', stateDir)).toEqual({ code: 0, stdout: 'the node has ended\n', stderr: '' });
  expect(await node.exited).toEqual({ code: 0, signal: null });
  expect(await Program.run('drain', '--wait', '--state-dir', stateDir)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no node can be reached') as string,
  });
});

it('`status` fails while a node drains, and prints an object for programs', async () => {
  const stateDir = keptFolder();
  const node = await registrarNode({ stateDir });
  const client = await playingClient(node);
  const ask = () => Program.run('status', '--state-dir', stateDir, '--json');
  const serving = await ask();
  expect([serving.code, JSON.parse(serving.stdout)]).toMatchObject([
    0,
    { state: 'serving', sessions: 1, serving: { registration: 'anyone' } },
  ]);
  const drained = node.drain();
  const draining = await ask();
  expect([draining.code, JSON.parse(draining.stdout)]).toMatchObject([1, { state: 'draining' }]);
  client.fin();
  await drained;
});
