import { drainingExtension } from '@lightspeed/control';
import { expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { keptFolder } from './support/kept-folder.ts';
import { NodeProgram } from './support/node-program.ts';
import { Program } from './support/program.ts';
import { Control, playingClient, registeredClient } from './support/registered-client.ts';
import type { RegisteredClient } from './support/registered-client.ts';
import { registrarNode, testServer } from './support/scene.ts';

/** What the node says when it begins to drain. @returns the milliseconds that are left. */
async function announcement({ control }: RegisteredClient): Promise<number> {
  const left = await eventually(() => {
    for (const message of control.said) {
      const found =
        message.type === 'server_info' && message.dialect === 'standard' ? drainingExtension.find(message.extensions) : undefined;
      if (found !== undefined) return found;
    }
    throw new Error('nothing was announced');
  });
  expect(await control.refusal()).toEqual(['server_shutdown', 'the node is shutting down']);
  return left;
}

it('a node that drains tells its clients, relays for them until they leave, takes no others, and ends', async () => {
  const node = await registrarNode();
  const server = await testServer();
  const clients = await Promise.all(Array.from({ length: 3 }, () => playingClient(node)));
  // Registered and warm, but nothing is bound: nobody waits for it.
  await registeredClient(node);
  const late = await Control.connect(node);
  let ended = false;
  const drained = node.drain().then(() => (ended = true));
  for (const client of clients) {
    const left = await announcement(client);
    expect(left).toBeGreaterThan(20_000);
    expect(left).toBeLessThanOrEqual(30_000);
  }
  await late.register();
  expect(await late.refusal()).toEqual(['server_shutdown', 'the node is shutting down']);

  for (const client of clients) {
    await client.roundTrip(server.endpoint, `${client.port} plays on`);
    expect(ended).toBe(false);
    client.fin();
    await client.next('fin');
  }
  await drained;
});

it('clients that stay get a FIN when the time is over', async () => {
  const node = await registrarNode({ drainSecs: 1 });
  const client = await playingClient(node);
  const startedMs = performance.now();
  const drained = node.drain();
  await client.next('fin');
  expect(performance.now() - startedMs).toBeGreaterThan(900);
  await drained;
});

it('a node without clients does not wait for any', async () => {
  // Longer than a test may last.
  const node = await registrarNode({ drainSecs: 300 });
  await registeredClient(node);
  await node.drain();
});

it.each([
  ['SIGTERM', (program: NodeProgram) => Promise.resolve(program.signal('SIGTERM'))],
  [
    'lightspeed-proxy drain',
    async (_program: NodeProgram, folder: string) => {
      expect(await Program.run('drain', '--state-dir', folder)).toEqual({
        code: 0,
        stdout: 'the node drains\n',
        stderr: '',
      });
    },
  ],
] as const)('%s drains, and SIGTERM after that ends at once', async (_how, ask) => {
  const folder = keptFolder();
  const program = await NodeProgram.start('--state-dir', folder);
  const server = await testServer();
  const client = await playingClient(program);
  await ask(program, folder);
  await announcement(client);
  await client.roundTrip(server.endpoint, 'still relayed');
  program.signal('SIGTERM');
  expect(await program.ended).toEqual({ code: 143, signal: null });
});

it('a program that drains ends with code 0 when its clients have left', async () => {
  const program = await NodeProgram.start('--state-dir', keptFolder());
  const client = await playingClient(program);
  program.signal('SIGTERM');
  await announcement(client);
  client.fin();
  expect(await program.ended).toEqual({ code: 0, signal: null });
  expect(program.stderr).toBe('');
});

it.each([['drain'], ['restart'], ['bans', 'list'], ['bans', 'remove', '203.0.113.7']])(
  '`%s` says what to do when there is no node',
  async (...words) => {
    const folder = keptFolder();
    const { code, stderr } = await Program.run(...words, '--state-dir', folder);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `lightspeed-proxy: ${folder}/node.sock: no node can be reached: none runs with this state folder (ENOENT); start one, or name the folder of yours with --state-dir\n`,
    );
  },
);
