import { expect, it } from 'vitest';
import { NodeProgram } from './support/node-program.ts';
import { playingClient } from './support/registered-client.ts';
import { testServer } from './support/scene.ts';

it.each(['SIGUSR1', 'SIGUSR2'] as const)('%s does nothing to a node: no inspector opens, and games go on', async (signal) => {
  const program = await NodeProgram.start('--state-dir', 'off');
  const server = await testServer();
  const client = await playingClient(program);
  program.signal(signal);
  await client.roundTrip(server.endpoint, 'after the signal');
  // What the signal does comes before what a later one does.
  program.signal('SIGTERM');
  await client.control.heard('disconnect');
  client.fin();
  expect(await program.ended).toEqual({ code: 0, signal: null });
  expect(program.stderr).toBe('');
});
