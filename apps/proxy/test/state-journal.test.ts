import { appendFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { silentLog } from '../src/node/log.ts';
import type { ClientSnapshot } from '../src/state/snapshot-file.ts';
import { StateFolder } from '../src/state/state-folder.ts';
import { keptFolder } from './support/kept-folder.ts';

const NO_NONCES = { highest: -1n, below: 0n };

function client(sessionId: number, token = 1): ClientSnapshot {
  const terms = {
    sessionId,
    address: '192.0.2.1',
    token,
    dialect: 'standard' as const,
    capabilities: 0,
    protection: 0,
    secret: new Uint8Array(16),
  };
  return { ...terms, ticket: undefined, resumes: NO_NONCES, nonces: undefined, session: undefined, worker: 0 };
}

/** What the next run finds, by session id and token, in order of ids. */
async function found(path: string): Promise<[number, number][]> {
  const folder = await StateFolder.open(path, silentLog(), {});
  const clients = await folder.load();
  await folder.close();
  return clients.map(({ sessionId, token }): [number, number] => [sessionId, token]).toSorted(([a], [b]) => a - b);
}

/** A folder with three clients saved, of which one has changed since, one has left, and one has come. */
async function scene() {
  const path = keptFolder();
  const folder = await StateFolder.open(path, silentLog(), {});
  expect(await folder.add([client(9)], [])).toBe(false);
  await folder.save([client(1), client(2), client(3)]);
  expect(await folder.add([client(2, 20)], [])).toBe(true);
  expect(await folder.add([client(4)], [3])).toBe(true);
  await folder.close();
  return { path, journal: join(path, 'sessions.journal') };
}

const ALL: [number, number][] = [
  [1, 1],
  [2, 20],
  [4, 1],
];

it('what was added counts in the next run', async () => {
  expect(await found((await scene()).path)).toEqual(ALL);
});

it('a last line that is cut short anywhere does not count, and the others do', async () => {
  const { path, journal } = await scene();
  const whole = readFileSync(journal, 'latin1');
  const lastBegins = whole.lastIndexOf('\n', whole.length - 2) + 1;
  for (let length = lastBegins; length < whole.length; length += 7) {
    writeFileSync(journal, whole.slice(0, length));
    expect(await found(path)).toEqual(ALL.slice(0, 2));
  }
});

it('what is no line of a journal ends it', async () => {
  const { path, journal } = await scene();
  appendFileSync(journal, `${'\0'.repeat(100)}\n{"over":1}\n`);
  expect(await found(path)).toEqual(ALL);
});

it('a journal of another file means nothing', async () => {
  const { path, journal } = await scene();
  const before = readFileSync(journal);
  const folder = await StateFolder.open(path, silentLog(), {});
  await folder.save([client(7)]);
  expect(readdirSync(path)).not.toContain('sessions.journal');
  await folder.close();
  writeFileSync(journal, before);
  expect(await found(path)).toEqual([[7, 1]]);
});

it('a journal that is longer than the file that it continues makes the node write anew', async () => {
  const path = keptFolder();
  const folder = await StateFolder.open(path, silentLog(), {});
  await folder.save([client(1)]);
  const many = Array.from({ length: 10_000 }, (_, id) => client(id + 1));
  expect(await folder.add(many, [])).toBe(true);
  expect(await folder.add([client(1)], [])).toBe(false);
  await folder.save(many);
  expect(await folder.add([client(1)], [])).toBe(true);
  await folder.close();
});
