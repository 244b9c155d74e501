import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificate } from '@lightspeed/control/quic';
import { expect, it } from 'vitest';
import { keptFolder } from './support/kept-folder.ts';
import { WARN, loggedNode } from './support/logged-node.ts';
import type { LogLine } from './support/logged-node.ts';
import { Program } from './support/program.ts';
import { registrarNode } from './support/scene.ts';

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
const warnings = (log: readonly LogLine[]) => log.filter(({ level }) => level === WARN).map(({ msg }) => msg);

it('a state folder and a key that others can open are closed to them, and the log says so', async () => {
  const stateDir = keptFolder();
  await (await registrarNode({ stateDir })).close();
  const key = join(stateDir, 'control-key.pem');
  chmodSync(stateDir, 0o755);
  chmodSync(key, 0o644);
  const { stdout } = await Program.run('serve', '--state-dir', stateDir, '--check');
  expect(stdout).toContain(`#   others can open ${stateDir}: its mode is 0755\n`);
  expect(stdout).toContain(`#   others can open ${key}: its mode is 0644\n`);
  expect([modeOf(stateDir), modeOf(key)]).toEqual(['755', '644']);

  const { log } = await loggedNode({ stateDir });
  expect([modeOf(stateDir), modeOf(key)]).toEqual(['700', '600']);
  expect(warnings(log)).toEqual([
    expect.stringContaining('others could open lightspeed-state-') as string,
    'others could open control-key.pem, which has secrets: its mode is 0600 now',
  ]);
});

it('a folder that is everybody’s is left as it is, with a warning', async () => {
  const stateDir = keptFolder();
  chmodSync(stateDir, 0o1777);
  const { log } = await loggedNode({ stateDir });
  expect(statSync(stateDir).mode & 0o7777).toBe(0o1777);
  expect(warnings(log)).toEqual([expect.stringMatching(/^others can open .*: chmod 0700 it$/) as string]);
});

it('a private key of the operator that others can read is left as it is, with a warning', async () => {
  const folder = keptFolder();
  const [certificate, privateKey] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const made = await makeCertificate();
  writeFileSync(certificate, made.certificatePem);
  writeFileSync(privateKey, made.privateKeyPem, { mode: 0o644 });
  const { log } = await loggedNode({ certificate, privateKey });
  expect(warnings(log)).toEqual(['others can read the private key: chmod 0600 it']);
  expect(modeOf(privateKey)).toBe('644');
  const { stdout } = await Program.run('serve', '--state-dir', 'off', '--certificate', certificate, '--private-key', privateKey, '--check');
  expect(stdout).toContain(`#   others can read ${privateKey}: its mode is 0644\n`);
});

it('a certificate without its key, and a damaged state, are found by --check', async () => {
  const stateDir = keptFolder();
  await (await registrarNode({ stateDir })).close();
  writeFileSync(join(stateDir, 'sessions.json'), '{"format":');
  const { code, stdout } = await Program.run('serve', '--state-dir', stateDir, '--check');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^# {3}.*: the saved sessions cannot be read, and the node would start without them: .*$/m);
  writeFileSync(join(stateDir, 'control-key.pem'), 'no key');
  const wrong = await Program.run('serve', '--state-dir', stateDir, '--check');
  expect(wrong).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('control-key.pem cannot be used') as string });
});

it('pages for everybody who reaches them come with a warning', async () => {
  const { log } = await loggedNode({ stateDir: keptFolder(), httpBind: '0.0.0.0:0' });
  expect(warnings(log)).toEqual([expect.stringMatching(/^\/health and \/metrics answer everybody who reaches them/) as string]);
  expect(warnings((await loggedNode({ stateDir: keptFolder(), httpBind: '127.0.0.1:0' })).log)).toEqual([]);
});
