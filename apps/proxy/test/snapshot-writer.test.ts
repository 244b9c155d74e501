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
  const terms = {
    sessionId,
    index: 0,
    prefixHigh: 0,
    prefixLow: 1,
    token: 1,
    dialect: 'standard' as const,
    capabilities: 0,
    protection: 0,
  };
  return new Client({ ...terms, ticket: undefined, maxPps: undefined, maxBps: undefined }, undefined);
}

function session(sessionId: number): WorkerSession['session'] {
  return {
    sessionId,
    multipath: 'standby',
    paths: [{ number: 0, address: '203.0.113.1', port: 1, local: '0.0.0.0', isValidated: true }],
    sequence: 1,
    groupId: 2,
    nonces: NO_NONCES,
    openingNonce: 0n,
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
    changed: new Set([1, 2]),
    /** Counts what has happened to sessions, and whether it is known to which. */
    news: 1,
    newsOf: undefined as Set<number> | undefined,
    canAdd: true,
    /** What was added: ids of clients, with whether they had a session, and of those that are over. */
    added: [] as [[number, boolean][], number[]][],
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
      add(changed: Iterable<ClientSnapshot>, over: Iterable<number>): Promise<boolean> {
        if (!scene.canAdd) return Promise.resolve(false);
        scene.added.push([[...changed].map((one) => [one.sessionId, one.session !== undefined]), [...over]]);
        return Promise.resolve(true);
      },
    },
    {
      get size() {
        return scene.clients.size;
      },
      get hasChanged() {
        return scene.changed.size > 0;
      },
      takeChanged() {
        const { changed } = scene;
        scene.changed = new Set();
        return changed;
      },
      get all() {
        return scene.clients.values();
      },
      get: (sessionId) => scene.clients.get(sessionId),
      secretOf: () => new Uint8Array(16),
      addressOf: () => '203.0.113.1',
    },
    {
      get news() {
        return scene.news;
      },
      takeSnapshots() {
        scene.asked++;
        const { hasChanged, newsOf } = scene;
        scene.hasChanged = false;
        scene.newsOf = new Set();
        const all = scene.sessions.map((one) => ({ worker: 0, session: one }));
        return Promise.resolve({
          hasChanged,
          news: newsOf,
          find: (id: number) => all.find(({ session }) => session.sessionId === id),
          all,
        });
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

const BOTH: [number, boolean][] = [
  [1, true],
  [2, false],
];

it('everything is written at first, and then only looked after while nothing happens', async () => {
  const { scene, pass } = keeperScene();
  await pass(200);
  expect(scene.written).toEqual([BOTH]);
  for (let looks = 0; looks < 10; looks++) await pass(2_100);
  expect([scene.asked, scene.written.length, scene.added.length]).toEqual([11, 1, 0]);
  for (let looks = 0; looks < 9; looks++) await pass(200);
  expect(scene.asked).toBe(11);
});

it('what has happened is added within 200 milliseconds, and nothing else is written', async () => {
  const { scene, pass } = keeperScene();
  await pass(200);
  // A flow has opened.
  scene.news++;
  scene.hasChanged = true;
  scene.newsOf = new Set([1]);
  await pass(200);
  // Two have registered, one has left, and the session of another is over.
  scene.clients.set(3, client(3)).set(4, client(4)).delete(2);
  scene.changed = new Set([2, 3, 4]);
  scene.sessions = [session(4)];
  scene.news++;
  scene.hasChanged = true;
  scene.newsOf = new Set([1, 4]);
  await pass(200);
  expect(scene.added).toEqual([
    [[[1, true]], []],
    [
      [
        [3, false],
        [4, true],
        [1, false],
      ],
      [2],
    ],
  ]);
  expect(scene.written).toHaveLength(1);
});

it('a client that resumes is written with the session that it has', async () => {
  const { scene, pass } = keeperScene();
  await pass(200);
  scene.changed = new Set([1]);
  await pass(200);
  expect(scene.added).toEqual([[[[1, true]], []]]);
});

it('everything is written when nobody knows what has changed, and when nothing can be added', async () => {
  const { scene, pass } = keeperScene();
  await pass(200);
  scene.news++;
  scene.hasChanged = true;
  scene.newsOf = undefined;
  await pass(200);
  scene.canAdd = false;
  scene.changed = new Set([1]);
  await pass(200);
  expect([scene.added.length, scene.written.length]).toEqual([0, 3]);
  scene.clients.clear();
  scene.changed = new Set([1, 2]);
  await pass(200);
  expect(scene.written.at(-1)).toEqual([]);
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
  await Promise.resolve();
  scene.clients.set(3, client(3));
  scene.changed.add(3);
  await first;
  await pass(200);
  expect([...scene.written.flat(), ...scene.added.flatMap(([changed]) => changed)].map(([id]) => id)).toContain(3);
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
            capabilities: 0,
            protection: 0,
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
