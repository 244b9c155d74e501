import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeConfig } from '@lightspeed/proxy';
import { AddressBook } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { checkFiles } from '../src/cli/check-files.ts';
import { AccountBans } from '../src/control/account-bans.ts';
import type { Client, ClientLink } from '../src/control/client.ts';
import { ClientRegistry } from '../src/control/client-registry.ts';
import { keptFolder } from './support/kept-folder.ts';
import { Program } from './support/program.ts';
import { Control, registeredClient } from './support/registered-client.ts';
import { registrarNode } from './support/scene.ts';

const REGISTER = { type: 'register', dialect: 'standard', gameId: 0, clientVersion: 'test', extensions: [] } as const;
const LINK: ClientLink = { send: () => undefined, answers: () => Promise.resolve(true), dismiss: () => Promise.resolve() };

describe('bans of accounts', () => {
  it('end by themselves, are not shortened by another one, and can be removed', async () => {
    const bans = await AccountBans.open(undefined);
    bans.add('203.0.113.7', '', 1_000, 0);
    bans.add('203.0.113.7', '', 500, 100);
    expect([bans.leftMs('203.0.113.7', 100), bans.leftMs('203.0.113.8', 100)]).toEqual([900, 0]);
    expect(bans.list(100)).toEqual([{ account: '203.0.113.7', name: '', endsAtMs: 1_000 }]);
    expect([bans.leftMs('203.0.113.7', 1_000), bans.list(1_000)]).toEqual([0, []]);
    bans.add('2001:db8::/64', '', 1_000, 0);
    expect([bans.remove('2001:db8::/64'), bans.remove('2001:db8::/64')]).toEqual([true, false]);
  });

  it('are bounded: the one that ends soonest gives way', async () => {
    const bans = await AccountBans.open(undefined);
    for (let i = 0; i <= 16_384; i++) bans.add(`account ${i}`, '', 1_000_000 + i, 0);
    expect([bans.size, bans.leftMs('account 0', 0) === 0, bans.leftMs('account 1', 0) > 0]).toEqual([16_384, true, true]);
  });

  it('outlive the node in a file of its own', async () => {
    const path = join(keptFolder(), 'bans.json');
    const bans = await AccountBans.open(path);
    bans.add('203.0.113.7', 'alice', 1_000, 5);
    await bans.saved();
    expect((await AccountBans.open(path)).list(5)).toEqual([{ account: '203.0.113.7', name: 'alice', endsAtMs: 1_005 }]);
    expect([existsSync(path), statSync(path).mode & 0o777]).toEqual([true, 0o600]);
  });

  it('end all sessions of the account, and let nobody of it register, but others', async () => {
    const registry = new ClientRegistry(nodeConfig(), new AddressBook(), undefined, await AccountBans.open(undefined));
    const register = (ip: number) => registry.register(REGISTER, { ip, port: 1 }, LINK);
    const clients = [0x0102_0304, 0x0102_0304, 0x0102_0305].map((ip) => {
      const result = register(ip);
      if (result.type === 'refused') throw new Error(result.text);
      return result.client;
    });
    const misused: Client[] = [];
    registry.news.onMisuse = (client) => misused.push(client);
    registry.news.misused(clients[0].sessionId);
    expect(misused).toEqual([clients[0]]);
    expect(registry.ban(clients[0])).toEqual([clients[0], clients[1]]);
    expect(register(0x0102_0304)).toMatchObject({
      type: 'refused',
      code: 'banned',
      text: 'banned for 3600 s more: it opened too many new destinations',
    });
    expect(register(0x0102_0305).type).toBe('registered');
  });
});

it('a node keeps to the bans of its state folder until they are removed by command', async () => {
  const folder = keptFolder();
  const ban = { account: '127.0.0.1', name: '', endsAtMs: Date.now() + 600_000 };
  writeFileSync(join(folder, 'bans.json'), JSON.stringify({ format: 1, bans: [ban] }));
  const node = await registrarNode({ stateDir: folder });
  const control = await Control.connect(node);
  await control.register();
  expect(await control.refusal()).toEqual([
    'rate_limited',
    expect.stringMatching(/^banned for \d+ s more: it opened too many new destinations$/),
  ]);
  const run = (...words: string[]) => new Program(['bans', ...words, '--state-dir', folder]).result();
  expect(await run('list')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^127\.0\.0\.1 {2}\d+ s\n$/) as string });
  expect(JSON.parse((await run('list', '--json')).stdout)).toEqual([ban]);
  expect(await run('remove', '127.0.0.2')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('it has no ban of 127.0.0.2') as string,
  });
  expect(await run('remove', '127.0.0.1')).toMatchObject({ code: 0, stdout: '127.0.0.1 may register again\n' });
  expect(await run('list')).toMatchObject({ code: 0, stdout: 'nobody is banned\n' });
  await registeredClient(node);
});

it.each([
  ['half a fi\nle', 'Unexpected token [^\\n]*'],
  ['{"format":2,"people":[]}', 'they have format 2, of a newer version of the program; this version reads format 1'],
  ['{"format":1,"bans":[{"account":5,"name":"","endsAtMs":0}]}', 'bans\\.0\\.account: .*'],
])('a node does not start with bans that it cannot read: %s', async (text, why) => {
  const folder = keptFolder();
  writeFileSync(join(folder, 'bans.json'), text);
  const message = new RegExp(`bans\\.json: the bans cannot be read: ${why}; mend the file, or remove it$`);
  await expect(registrarNode({ stateDir: folder })).rejects.toThrow(message);
  await expect(checkFiles(nodeConfig({ stateDir: folder }))).rejects.toThrow(message);
});
