import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatIpv4 } from '@lightspeed/wire';
import { expect, it } from 'vitest';
import { formatSnapshots } from '../src/state/snapshot-file.ts';
import type { ClientSnapshot } from '../src/state/snapshot-file.ts';
import { keptFolder } from './support/kept-folder.ts';
import { NodeProgram } from './support/node-program.ts';
import { playingClient } from './support/registered-client.ts';
import { testServer } from './support/scene.ts';

/** A state folder in which an earlier run has left so many clients. */
function folderWith(clients: number): string {
  const folder = keptFolder();
  const saved = Array.from({ length: clients }, (_, client): ClientSnapshot => {
    return {
      sessionId: client + 1,
      address: formatIpv4(0x0a00_0001 + client),
      token: 1,
      dialect: 'standard',
      secret: new Uint8Array(16),
      ticket: undefined,
      resumes: { highest: -1n, below: 0n },
      nonces: undefined,
      session: undefined,
      worker: 0,
    };
  });
  writeFileSync(join(folder, 'sessions.json'), [...formatSnapshots(saved)].join(''));
  return folder;
}

it.each([
  [1_000, true],
  [999, false],
])('a start with %i clients of an earlier run gives memory back: %s; and the node serves', async (clients, givesBack) => {
  const program = await NodeProgram.start('--state-dir', folderWith(clients), '--log-level', 'debug');
  const server = await testServer();
  const client = await playingClient(program);
  await client.roundTrip(server.endpoint, 'after');
  expect(program.stdout.includes('gave memory back after reading the state')).toBe(givesBack);
});
