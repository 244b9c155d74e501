import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { egressSocketsPerWorker } from '../src/base/descriptor-limit.ts';
import { eventually } from './support/eventually.ts';
import { keptFolder } from './support/kept-folder.ts';
import { NodeProgram } from './support/node-program.ts';
import { Program } from './support/program.ts';
import { playingClient } from './support/registered-client.ts';
import { testServer } from './support/scene.ts';

it.each([
  // workers, ports, limit of descriptors, sockets of each worker
  [1, Infinity, 1_024, 760],
  [4, Infinity, 1_024, 136],
  [1, 10_000, 1_000_000, 10_000],
  [4, 10_000, 1_000_000, 2_500],
  [1, Infinity, 100, 14],
  [1, Infinity, 72, 1],
  [2, Infinity, Infinity, Infinity],
])('%i workers with %f ports and %f descriptors may have %f sockets each', (workers, ports, limit, sockets) => {
  expect(egressSocketsPerWorker(workers, ports, limit)).toBe(sockets);
});

it('a client that asks for all sockets leaves enough for others, for the pages, for saving and for commands', async () => {
  const stateDir = keptFolder();
  const flags = ['--state-dir', stateDir, '--http-bind', '127.0.0.1:0'];
  const node = await NodeProgram.startWith({ limits: 'ulimit -n 180' }, ...flags);
  const servers = [await testServer(), await testServer()];
  const greedy = await playingClient(node);
  for (let source = 0; source < 200; source++) greedy.data(servers[0].endpoint, `from ${source}`, greedy.ack.token, 5_000 + source);
  const { http } = await node.serving();
  const health = async () => (await fetch(`${String(http)}/metrics`)).text();
  await eventually(async () => expect(await health()).toMatch(/direction="client",reason="egress_exhausted"\} \d/));
  expect(readdirSync(`/proc/${node.pid}/fd`).length).toBeLessThan(170);

  const other = await playingClient(node);
  await other.roundTrip(servers[1].endpoint, 'of somebody else');
  expect((await fetch(`${String(http)}/health`)).status).toBe(200);
  await eventually(() => expect(readdirSync(stateDir).some((name) => name.startsWith('sessions'))).toBe(true));
  expect(await Program.run('drain', '--state-dir', stateDir)).toMatchObject({ code: 0, stdout: 'the node drains\n' });
  node.signal('SIGTERM');
  await node.ended;
});
