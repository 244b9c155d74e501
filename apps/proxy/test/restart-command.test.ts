import { mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloseCode } from '@lightspeed/control/quic';
import { expect, it } from 'vitest';
import { keptFolder } from './support/kept-folder.ts';
import { NodeProgram } from './support/node-program.ts';
import { MAIN, Program } from './support/program.ts';
import type { ProgramOptions } from './support/program.ts';
import { Control, playingClient } from './support/registered-client.ts';
import { testServer } from './support/scene.ts';

let scenes = 0;

/** A node with ports below those that the system hands out: nobody else takes one of them meanwhile. */
async function scene(options: ProgramOptions = {}, ...flags: readonly string[]) {
  const folder = keptFolder();
  const base = 10_000 + ((process.pid * 512 + scenes++ * 64) % 20_000);
  const program = await NodeProgram.startWith(
    options,
    ...['--state-dir', folder, '--data-bind', `127.0.0.1:${base}`, '--control-bind', `127.0.0.1:${base + 1}`],
    ...['--egress-ports', `${base + 2}-${base + 63}`, ...flags],
  );
  return { folder, program, server: await testServer() };
}

it.each([
  ['batch', 1],
  ['batch', 2],
  ['portable', 1],
] as const)('after `restart` clients play on by the same ports, in the same process (%s, %i workers)', async (io, workers) => {
  const { folder, program, server } = await scene({}, '--io', io, '--workers', String(workers));
  const clients = await Promise.all(Array.from({ length: 4 }, () => playingClient(program)));
  // Of a flow as new as this nothing has been saved yet.
  for (const client of clients) await client.roundTrip(server.endpoint, `before ${client.port}`);
  const ports = new Set(server.received.map(({ port }) => port));
  const [{ control }] = clients;

  const { code, stdout, stderr } = await Program.run('restart', '--state-dir', folder);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^the node has restarted: version \d+\.\d+\.\d+\S*, 4 sessions\n$/);
  expect(await control.connection.whenClosed).toMatchObject({ by: 'peer', code: CloseCode.nodeRestarts });
  expect(program.starts).toBe(2);
  for (const client of clients) await client.roundTrip(server.endpoint, `after ${client.port}`);
  expect(new Set(server.received.map(({ port }) => port))).toEqual(ports);
  for (const client of clients) expect(client.received.map(({ header }) => header.kind)).not.toContain('fin');

  // The control connection comes back, too, and proofs that were used are not new again.
  const [client] = clients;
  client.control = await Control.connect(program);
  await client.control.register([client.resume()]);
  expect((await client.control.heard('register_ack')).sessionId).toBe(client.ack.sessionId);
  program.signal('SIGTERM');
  await client.control.heard('disconnect');
  for (const each of clients) each.fin();
  expect(await program.ended).toEqual({ code: 0, signal: null });
  expect(program.stderr).toBe('');
});

it('`restart` runs what is on disk by then: another version, with another configuration', async () => {
  const folder = keptFolder();
  const version = (name: string, ...more: readonly string[]) => {
    const file = join(folder, `${name}.mjs`);
    writeFileSync(file, `process.argv.push(...${JSON.stringify(more)});\nawait import(${JSON.stringify(MAIN)});\n`);
    return file;
  };
  const link = join(folder, 'main.mjs');
  symlinkSync(version('old'), link);
  const config = join(folder, 'node.toml');
  writeFileSync(config, '[server]\nregion = "before"\n');
  const { folder: stateDir, program } = await scene({ main: link }, '--config', config);
  expect(await program.serving()).toMatchObject({ region: 'before' });

  unlinkSync(link);
  symlinkSync(version('new', '--node-id', 'of the new version'), link);
  writeFileSync(config, '[server]\nregion = "after"\n');
  expect((await Program.run('restart', '--state-dir', stateDir)).code).toBe(0);
  expect(program.log.findLast(({ msg }) => msg === 'node serves')).toMatchObject({ node: 'of the new version', region: 'after' });
});

it('`restart` does nothing where the program could not start again, and says why', async () => {
  const config = join(keptFolder(), 'node.toml');
  writeFileSync(config, '');
  const { folder, program, server } = await scene({}, '--config', config);
  const client = await playingClient(program);
  writeFileSync(config, '[server]\nregion = 5\n');
  const { code, stdout, stderr } = await Program.run('restart', '--state-dir', folder);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^lightspeed-proxy: the node refuses: its program cannot be started again: .*server\.region: got 5.*\n$/);
  await client.roundTrip(server.endpoint, 'still there');
  expect(program.starts).toBe(1);
  expect(readFileSync(join(folder, 'sessions.json'), 'utf8')).not.toBe('');
});

it('`restart` does nothing where the new program would end after its start, although its configuration is right', async () => {
  const folder = keptFolder();
  const main = join(folder, 'main.mjs');
  writeFileSync(main, `await import(${JSON.stringify(MAIN)});\n`);
  const { folder: stateDir, program, server } = await scene({ main });
  const client = await playingClient(program);
  // Nothing of this shows before a node opens its sockets.
  writeFileSync(
    main,
    `import dgram from 'node:dgram';
     dgram.Socket.prototype.bind = () => { throw new Error('this version is broken'); };
     await import(${JSON.stringify(MAIN)});\n`,
  );
  const { code, stderr } = await Program.run('restart', '--state-dir', stateDir);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/the node refuses: .*cannot be started again: /) as string });
  await client.roundTrip(server.endpoint, 'still there');
  expect(program.starts).toBe(1);
});

it('`restart` does nothing where the new program cannot read the state', async () => {
  const { folder, program, server } = await scene();
  const client = await playingClient(program);
  writeFileSync(join(folder, 'bans.json'), '{"format":2}');
  const { code, stdout, stderr } = await Program.run('restart', '--state-dir', folder);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(
    /the node refuses: .*cannot be started again: .*\/bans\.json: the bans cannot be read: they have format 2, of a newer version/,
  );
  await client.roundTrip(server.endpoint, 'still there');
  expect(program.starts).toBe(1);

  rmSync(join(folder, 'bans.json'));
  expect((await Program.run('restart', '--state-dir', folder)).stdout).toMatch(/, 1 sessions?\n$/);
  await client.roundTrip(server.endpoint, 'after it');
});

it('a trial goes on with a copy of the state beside the node, says nothing to its clients, and leaves nothing', async () => {
  const { folder, program, server } = await scene();
  const clients = await Promise.all(Array.from({ length: 3 }, () => playingClient(program)));
  for (const client of clients) await client.roundTrip(server.endpoint, `before ${client.port}`);
  mkdirSync(join(folder, 'trial-999999999'));
  // What is saved is complete from a restart on.
  expect((await Program.run('restart', '--state-dir', folder)).code).toBe(0);
  for (const client of clients) await client.roundTrip(server.endpoint, `between ${client.port}`);
  const before = readdirSync(folder).filter((name) => name.startsWith('trial'));
  const { code, stdout, stderr } = await Program.run(...program.words, '--trial');
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/, 3 of the sessions that are kept\n$/) as string,
    stderr: '',
  });
  for (const client of clients) {
    await client.roundTrip(server.endpoint, `after ${client.port}`);
    expect(client.received.map(({ header }) => header.kind)).not.toContain('fin');
  }
  const after = readdirSync(folder).filter((name) => name.startsWith('trial'));
  expect({ before, after }).toEqual({ before: [], after: [] });
});
