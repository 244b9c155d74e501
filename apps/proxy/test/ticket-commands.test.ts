import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ticketExtension } from '@lightspeed/control';
import { formatTicket, parseTicket } from '@lightspeed/security';
import { expect, it } from 'vitest';
import { keptFolder } from './support/kept-folder.ts';
import { Program } from './support/program.ts';
import { Control, playingClient } from './support/registered-client.ts';
import { registrarNode } from './support/scene.ts';
import { Issuer } from './support/tickets.ts';

async function output(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await Program.run(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.trim();
}

function bytesOf(text: string): Uint8Array {
  const bytes = parseTicket(text);
  if (!(bytes instanceof Uint8Array)) throw new Error(bytes.text);
  return bytes;
}

it('a key is made, a ticket issued, shown, used and revoked', async () => {
  const folder = keptFolder();
  const [key, list] = [join(folder, 'issuer.pem'), join(folder, 'revoked.txt')];
  const issuer = await output('ticket', 'keygen', '--out', key);
  expect(issuer).toMatch(/^lsi1_[\w-]{43}$/);
  expect(statSync(key).mode & 0o777).toBe(0o600);
  expect(await Program.run('ticket', 'keygen', '--out', key)).toMatchObject({ code: 1, stdout: '' });

  const ticket = await output(
    'ticket',
    'issue',
    '--key',
    key,
    '--for',
    'alice',
    '--expires',
    '30d',
    '--max-sessions',
    '2',
    '--pps',
    '500',
    '--bps',
    '70000',
  );
  expect(ticket).toMatch(/^lst1_/);
  const shown = await output('ticket', 'inspect', ticket, '--issuer-key', issuer);
  expect(shown).toMatch(/^id {10}[0-9a-f]{32}\nfor {9}alice\n/);
  expect(shown).toContain('2 at once on each node');
  expect(shown).toContain('500 packets/s, 70000 bytes/s');
  expect(shown).toContain('verdict     lets in');
  expect(await output('ticket', 'inspect', ticket)).toContain('signature   not checked');

  const node = await registrarNode({ issuerKeys: [issuer], revocationList: list });
  const client = await playingClient(node, { ticket: bytesOf(ticket) });
  const mask = process.umask(0o077);
  expect(await output('ticket', 'revoke', ticket, '--list', list, '--because', 'left\nthe team')).toMatch(/^[0-9a-f]{32} is revoked$/);
  expect(readFileSync(list, 'utf8')).toMatch(/^[0-9a-f]{32} # left the team\n$/);
  expect(await output('ticket', 'revoke', ticket, '--list', list)).toContain('is revoked already');
  process.umask(mask);
  // A node that runs as another user has to read it, whatever mask its operator's shell has.
  expect(statSync(list).mode & 0o777).toBe(0o644);
  expect(await client.control.refusal()).toEqual(['auth_failed', 'the ticket was revoked']);
  const again = await Control.connect(node);
  await again.register([ticketExtension.encode(bytesOf(ticket))]);
  expect(await again.refusal()).toEqual(['auth_failed', 'the ticket was revoked']);

  const verdict = await Program.run('ticket', 'inspect', ticket, '--issuer-key', issuer, '--revocation-list', list);
  expect(verdict).toMatchObject({ code: 1, stderr: '' });
  expect(verdict.stdout).toContain('refused: the ticket was revoked');
});

it('a ticket that says nothing of sessions is shown with what nodes allow it', async () => {
  const ticket = formatTicket(new Issuer().ticket({ maxSessions: 0 }));
  expect(await output('ticket', 'inspect', ticket)).toContain('sessions    8 at once on each node');
});

it.each([
  [
    ['ticket', 'issue', '--key', 'nowhere.pem', '--for', 'a', '--expires', '1d'],
    1,
    /--key nowhere\.pem: there is no such file; make one with lightspeed-proxy ticket keygen --out nowhere\.pem\n$/,
  ],
  [['ticket', 'keygen', '--out', 'nowhere/key.pem'], 1, /nowhere\/key\.pem: there is no such folder/],
  [['ticket', 'issue', '--for', 'a', '--expires', '1d'], 2, /required option '--key <FILE>' not specified/],
  [
    ['ticket', 'inspect', 'lst1_xyz'],
    2,
    /ticket inspect: got "lst1_xyz" \(the ticket is damaged or incomplete\); allowed is the whole text of a ticket, lst1_\.{3}\n$/,
  ],
  [['ticket', 'inspect', 'hello', '--revocation-list', 'x'], 2, /--revocation-list needs --issuer-key lsi1_\.{3}: /],
  [['ticket', 'inspect', 'hello'], 2, /ticket inspect: got "hello"; allowed is the whole text of a ticket, lst1_\.{3}\n$/],
  [['ticket', 'inspect', ''], 2, /ticket inspect: got ""; allowed is /],
  [['ticket', 'inspect', `lst1_${'A'.repeat(90)}`], 2, /got "lst1_A{19}…" \(the ticket is of a version/],
  [
    ['ticket', 'inspect', 'lightspeed://v1/relay.example.net:4433?ticket=lst1_x&check=y'],
    2,
    /got "lightspeed:\/\/v1\/relay\.ex…"; allowed is .*; the ticket of this line stands behind ticket=\n$/,
  ],
  [
    ['ticket', 'inspect', import.meta.filename],
    2,
    /; of this file: lightspeed-proxy ticket inspect "\$\(cat ".*ticket-commands\.test\.ts"\)"\n$/,
  ],
  [
    ['ticket', 'revoke', 'abc', '--list', 'x'],
    2,
    /ticket revoke: got "abc"; allowed is the whole text of a ticket, lst1_\.{3}, or a ticket’s id, 32 hexadecimal digits\n$/,
  ],
  [['ticket', 'isue'], 2, /Did you mean issue\?/],
] as const)('%j is answered with what is wrong', async (args, code, words) => {
  const ended = await Program.run(...args);
  expect(ended.code).toBe(code);
  expect(ended.stderr).toMatch(words);
});

it('lifetimes are written with a unit', async () => {
  const key = join(keptFolder(), 'issuer.pem');
  await output('ticket', 'keygen', '--out', key);
  const { code, stderr } = await Program.run('ticket', 'issue', '--key', key, '--for', 'a', '--expires', '30');
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: 'lightspeed-proxy: --expires: got "30", allowed is a whole number from 1 to 999999 with s, m, h, d or w, for example 30d\n',
  });
});

it('a ticket that would never be valid is not issued, and the options are named', async () => {
  const key = join(keptFolder(), 'issuer.pem');
  await output('ticket', 'keygen', '--out', key);
  const { code, stderr } = await Program.run('ticket', 'issue', '--key', key, '--for', 'a', '--expires', '1d', '--not-before', '24h');
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: 'lightspeed-proxy: --not-before 24h is no earlier than --expires 1d: the ticket would never be valid\n',
  });
});
