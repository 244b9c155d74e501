import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { keptFolder } from './support/kept-folder.ts';
import { NodeProgram } from './support/node-program.ts';
import { Control, playingClient } from './support/registered-client.ts';
import type { RegisteredClient } from './support/registered-client.ts';
import { savedClients } from './support/saved-clients.ts';
import { registrarNode, testServer } from './support/scene.ts';
import { temporaryFile } from './support/temporary-file.ts';

/** Waits until what the node has saved shows that the client has talked to a game server. */
async function saved(folder: string, { ack }: RegisteredClient): Promise<void> {
  await eventually(async () => {
    const client = (await savedClients(folder)).find(({ sessionId }) => sessionId === ack.sessionId);
    expect(client?.session?.flows).toHaveLength(1);
  });
}

it.each([1, 2])('after SIGKILL and a new start clients play on without registering (%i workers)', async (workers) => {
  const folder = keptFolder();
  // Below the ports that the system hands out: nobody else takes one of them while the node is down.
  const base = 10_000 + ((process.pid * 128 + workers * 64) % 20_000);
  const flags = [
    '--state-dir',
    folder,
    '--workers',
    String(workers),
    '--data-bind',
    `127.0.0.1:${base}`,
    '--control-bind',
    `127.0.0.1:${base + 1}`,
    '--egress-ports',
    `${base + 2}-${base + 63}`,
  ];
  const first = await NodeProgram.start(...flags);
  const server = await testServer();
  const clients = await Promise.all(Array.from({ length: 4 }, () => playingClient(first)));
  for (const client of clients) await client.roundTrip(server.endpoint, 'before');
  for (const client of clients) await saved(folder, client);
  const ports = new Set(server.received.map(({ port }) => port));

  first.signal('SIGKILL');
  await first.ended;
  const second = await NodeProgram.start(...flags);
  expect(second.controlPin).toBe(first.controlPin);
  for (const client of clients) {
    // From the same address: no proof is needed.
    await client.roundTrip(server.endpoint, 'after');
  }
  expect(new Set(server.received.map(({ port }) => port))).toEqual(ports);

  // One has moved meanwhile: a proof is as good as ever, but an old one is not.
  const [client, other] = clients;
  await client.roam();
  client.sendBytes(client.proof({ nonce: 1n }));
  await client.bind();
  await client.roundTrip(server.endpoint, 'moved');
  // And the control connection comes back, too.
  other.control = await Control.connect(second);
  await other.control.register([other.resume()]);
  expect((await other.control.heard('register_ack')).sessionId).toBe(other.ack.sessionId);
  const files = ['control-certificate.pem', 'control-key.pem', 'node.sock', 'sessions.journal', 'sessions.json'];
  // While the node saves, the file that will take the place of another one may stand beside it.
  const found = readdirSync(folder).filter((file) => !file.endsWith('.new'));
  expect(files).toEqual(expect.arrayContaining(found));
  for (const file of found) expect(statSync(join(folder, file)).mode & 0o077).toBe(0);
});

it.each([
  ['cut short', (text: string) => text.slice(0, text.length / 2)],
  ['empty', () => ''],
  ['of another form', () => '{"format":2}'],
  ['full of nonsense', () => '{"format":2,"clients":[{"sessionId":-1,"token":"x"}]}'],
])('a saved state that is %s is set aside and does not keep the node from starting', async (_how, damage) => {
  const folder = keptFolder();
  const before = await NodeProgram.start('--state-dir', folder);
  const client = await playingClient(before);
  await client.roundTrip((await testServer()).endpoint, 'before');
  await saved(folder, client);
  before.signal('SIGKILL');
  await before.ended;
  const damaged = damage(readFileSync(join(folder, 'sessions.json'), 'utf8'));
  writeFileSync(join(folder, 'sessions.json'), damaged);

  const after = await NodeProgram.start('--state-dir', folder);
  await after.logged('the saved sessions cannot be read');
  expect(readFileSync(join(folder, 'sessions.json.damaged'), 'utf8')).toBe(damaged);
  await playingClient(after);
});

it('a session that nobody comes back for ends when the grace is over', async () => {
  const stateDir = keptFolder();
  const program = await NodeProgram.start('--state-dir', stateDir);
  const server = await testServer();
  const client = await playingClient(program);
  await client.roundTrip(server.endpoint, 'before');
  await saved(stateDir, client);
  program.signal('SIGKILL');
  await program.ended;
  const node = await registrarNode({ stateDir, graceSecs: 1 });
  await eventually(() => expect(node.stats().relay.registrations).toBe(1));
  await eventually(() => expect(node.stats().relay).toMatchObject({ registrations: 0, sessions: 0 }));
});

it('a node that drains does not wait for restored sessions whose clients are gone', async () => {
  const stateDir = keptFolder();
  const config = temporaryFile('node.toml', '[server]\ndrain_secs = 300\n');
  const flags = ['--state-dir', stateDir, '--config', config];
  const before = await NodeProgram.start(...flags);
  const client = await playingClient(before);
  await client.roundTrip((await testServer()).endpoint, 'before');
  await saved(stateDir, client);
  before.signal('SIGKILL');
  await before.ended;
  const after = await NodeProgram.start(...flags);
  after.signal('SIGTERM');
  await after.logged('draining');
  expect(await after.ended).toEqual({ code: 0, signal: null });
  expect(await after.logged('drained')).toMatchObject({ left: 0, gone: 1, stayed: 0 });
  // It waits for two keepalives that do not come.
}, 60_000);

it('a node that was closed leaves nobody behind, and its folder to the next', async () => {
  const stateDir = keptFolder();
  const node = await registrarNode({ stateDir });
  await playingClient(node);
  await expect(registrarNode({ stateDir })).rejects.toMatchObject({
    code: 'ERR_PROXY_STATE',
    message: expect.stringContaining('is the state folder of another node that runs') as string,
  });
  await node.close();
  expect(readFileSync(join(stateDir, 'sessions.json'), 'utf8')).toBe('{"format":2,"clients":[]}\n');
  const next = await registrarNode({ stateDir });
  expect(next.controlPin).toBe(node.controlPin);
  expect(next.stats().relay.registrations).toBe(0);
});
