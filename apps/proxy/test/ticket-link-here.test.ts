import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { formatIssuerKey, parseInvitation } from '@lightspeed/security';
import { SigningKey, sha256 } from '@lightspeed/security/node';
import { expect, it } from 'vitest';
import { keptFolder } from './support/kept-folder.ts';
import { NodeProgram } from './support/node-program.ts';
import { Program } from './support/program.ts';

/** A node on this machine that counts tickets of a key, and who issues with that key. */
async function scene(...flags: readonly string[]) {
  const folder = keptFolder();
  const stateDir = join(folder, 'state');
  const signingKey = SigningKey.generate();
  const key = join(folder, 'issuer.pem');
  writeFileSync(key, signingKey.toPem(), { mode: 0o600 });
  const issuer = formatIssuerKey(signingKey.publicKey);
  const program = await NodeProgram.start('--state-dir', stateDir, '--issuer-key', issuer, ...flags);
  const issue = (file: string, ...more: readonly string[]) =>
    Program.run(
      ...['ticket', 'issue', '--key', file, '--for', 'alice', '--expires', '1d', '--link'],
      ...['--node', 'relay.example.net', '--state-dir', stateDir, ...more],
    );
  return { folder, stateDir, key, issuer, program, issue };
}

it('a line for a player has pin and control port of the node on this machine, and says so', async () => {
  const { key, program, issue } = await scene();
  const { code, stdout, stderr } = await issue(key);

  expect(code).toBe(0);
  const invitation = parseInvitation(stdout.trim(), sha256);
  if (invitation.type === 'refused') throw new Error(invitation.text);
  expect(invitation.node).toEqual({ host: 'relay.example.net', port: program.controlAddress?.port });
  expect(`sha256//${Buffer.from(invitation.pin ?? []).toString('base64')}`).toBe(program.controlPin);
  expect(stderr).toBe(
    `lightspeed-proxy: the line names the node on this machine: relay.example.net:${program.controlAddress?.port}, pin ${program.controlPin}\n`,
  );
});

it('a port that is given goes before that of the node', async () => {
  const { key, issue } = await scene();
  const invitation = parseInvitation((await issue(key, '--node', 'relay.example.net:5000')).stdout.trim(), sha256);
  expect(invitation).toMatchObject({ node: { host: 'relay.example.net', port: 5000 } });
});

it('a node that does not count tickets of the key gives no pin, and the issuer is told what to do', async () => {
  const { folder, issue } = await scene();
  const other = SigningKey.generate();
  const file = join(folder, 'other.pem');
  writeFileSync(file, other.toPem(), { mode: 0o600 });
  const { code, stdout, stderr } = await issue(file);

  expect(code).toBe(0);
  expect(stdout).not.toContain('pin=');
  expect(stderr).toContain(`put ${formatIssuerKey(other.publicKey)} into its issuer_keys, and restart it`);
});

it('a folder that is named and belongs to no node is refused', async () => {
  const { folder, key, issue } = await scene();
  const { code, stdout, stderr } = await issue(key, '--state-dir', folder);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^lightspeed-proxy: .*none runs with this state folder \(ENOENT\).*\n$/);
});
