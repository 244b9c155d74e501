import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { Client } from '../src/control/client.ts';
import { silentLog } from '../src/node/log.ts';
import type { ClientSnapshot } from '../src/state/snapshot-file.ts';
import { parseSnapshots } from '../src/state/snapshot-file.ts';
import { SnapshotWriter } from '../src/control/snapshot-writer.ts';
import { StateFolder } from '../src/state/state-folder.ts';
import type { WorkerSession } from '../src/supervisor/snapshots.ts';
import { keptFolder } from './support/kept-folder.ts';

const NO_NONCES = { highest: -1n, below: 0n };

function client(sessionId: number): Client {
  const terms = { sessionId, index: 0, prefixHigh: 0, prefixLow: 1, token: 1, dialect: 'standard' as const };
  return new Client({ ...terms, ticket: undefined, maxPps: undefined, maxBps: undefined }, undefined);
}

function session(sessionId: number): WorkerSession['session'] {
  return {
    sessionId,
    multipath: 'standby',
    paths: [{ number: 0, address: '203.0.113.1', port: 1, local: '0.0.0.0' }],
    sequence: 1,
    groupId: 2,
    nonces: NO_NONCES,
    flows: [],
  };
}

/** A writer on a clock of its own, and what it does. */
function keeperScene() {
  const scene = {
    clients: new Map([
      [1, client(1)],
      [2, client(2)],
    ]),
    changes: 2,
    sessions: [session(1)],
    hasChanged: true,
    canWrite: true,
    asked: 0,
    /** Ids of the clients that were written, with whether they had a session, by save. */
    written: [] as [number, boolean][][],
    nowMs: performance.now(),
  };
  const writer = new SnapshotWriter(
    {
      save(clients: Iterable<ClientSnapshot>): Promise<boolean> {
        scene.written.push([...clients].map((one) => [one.sessionId, one.session !== undefined]));
        return Promise.resolve(scene.canWrite);
      },
    },
    {
      get size() {
        return scene.clients.size;
      },
      get changes() {
        return scene.changes;
      },
      get all() {
        return scene.clients.values();
      },
      get: (sessionId) => scene.clients.get(sessionId),
      secretOf: () => new Uint8Array(16),
      addressOf: () => '203.0.113.1',
    },
    {
      takeSnapshots() {
        scene.asked++;
        const { hasChanged } = scene;
        scene.hasChanged = false;
        return Promise.resolve({ hasChanged, all: scene.sessions.map((one) => ({ worker: 0, session: one })) });
      },
    },
    silentLog(),
  );
  const pass = async (ms: number) => {
    scene.nowMs += ms;
    await writer.writeIfDue(scene.nowMs);
  };
  return { scene, pass };
}

it('the state is written when something has changed, and else only looked after', async () => {
  const { scene, pass } = keeperScene();
  await pass(1_000);
  expect([scene.asked, scene.written.length]).toEqual([0, 0]);
  await pass(1_500);
  expect(scene.written).toEqual([
    [
      [1, true],
      [2, false],
    ],
  ]);
  for (let looks = 0; looks < 10; looks++) await pass(2_100);
  expect([scene.asked, scene.written.length]).toEqual([11, 1]);
  scene.hasChanged = true;
  await pass(2_100);
  scene.clients.delete(1);
  scene.changes++;
  await pass(2_100);
  expect(scene.written.slice(1)).toEqual([
    [
      [1, true],
      [2, false],
    ],
    [[2, false]],
  ]);
  scene.clients.clear();
  scene.changes++;
  for (let looks = 0; looks < 3; looks++) await pass(2_100);
  expect(scene.written.slice(3)).toEqual([[]]);
});

it('what could not be written is written next time, whether it has changed or not', async () => {
  const { scene, pass } = keeperScene();
  scene.canWrite = false;
  await pass(2_500);
  await pass(2_500);
  scene.canWrite = true;
  await pass(2_500);
  await pass(2_500);
  expect([scene.asked, scene.written.length]).toEqual([4, 3]);
});

it('a client that registers while the state is being written is written next time', async () => {
  const { scene, pass } = keeperScene();
  const first = pass(2_500);
  scene.clients.set(3, client(3));
  await first;
  scene.changes++;
  await pass(2_500);
  expect(scene.written.at(-1)?.map(([id]) => id)).toContain(3);
});

it('very many clients are written in pieces, and the thread turns to other things after each', async () => {
  const path = keptFolder();
  const folder = await StateFolder.open(path, pino({ level: 'silent' }), {});
  const clients = 2_000;
  let made = 0;
  const turns: number[] = [];
  const saving = folder.save(
    (function* () {
      for (let id = 1; id <= clients; id++) {
        made++;
        yield {
          ...{
            sessionId: id,
            address: '0.0.0.1',
            token: 1,
            dialect: 'standard' as const,
            secret: new Uint8Array(16),
            ticket: new Uint8Array(150),
          },
          ...{ resumes: NO_NONCES, nonces: undefined, session: session(id), worker: 0 },
        };
      }
    })(),
  );
  while (made < clients) {
    await setImmediate();
    turns.push(made);
  }
  expect(await saving).toBe(true);
  await folder.close();
  const steps = turns.map((count, turn) => count - (turns[turn - 1] ?? 0));
  expect(Math.max(...steps)).toBeLessThanOrEqual(200);
  expect(parseSnapshots(readFileSync(join(path, 'sessions.json'), 'utf8'))).toHaveLength(clients);
});
