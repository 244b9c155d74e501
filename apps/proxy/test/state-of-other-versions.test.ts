import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { silentLog } from '../src/node/log.ts';
import { parseSnapshots } from '../src/state/snapshot-file.ts';
import type { ClientSnapshot } from '../src/state/snapshot-file.ts';
import { StateFolder } from '../src/state/state-folder.ts';
import { keptFolder } from './support/kept-folder.ts';
import { NodeProgram } from './support/node-program.ts';
import { playingClient } from './support/registered-client.ts';

const CLIENT: ClientSnapshot = {
  ...{ sessionId: 7, address: '127.0.0.1', token: 1, dialect: 'standard', capabilities: 0, protection: 0, worker: 0 },
  ...{ secret: new Uint8Array(16), ticket: undefined, resumes: { highest: -1n, below: 0n }, nonces: undefined, session: undefined },
};

/** A node that was started with the state of another version: that of this one, changed as the other has it. */
async function afterOtherVersion(change: (text: string) => string) {
  const path = keptFolder();
  const file = join(path, 'sessions.json');
  const folder = await StateFolder.open(path, silentLog(), {});
  await folder.save([CLIENT]);
  await folder.close();
  const text = change(readFileSync(file, 'utf8'));
  writeFileSync(file, text);
  return { node: await NodeProgram.start('--state-dir', path), text };
}

it.each([
  [3, 'a newer'],
  [1, 'an older'],
])('a state of format %i, which this version does not know, is one line in the log, and the node serves', async (format, whose) => {
  const { node } = await afterOtherVersion((text) => text.replace('{"format":2', `{"format":${format}`));
  expect(node.log.filter(({ level }) => Number(level) > 30 && Number(level) < 60)).toContainEqual(
    expect.objectContaining({ why: `they have format ${format}, of ${whose} version of the program; this version reads format 2` }),
  );
  await playingClient(node);
});

it('what a newer version has added to the same format is left aside, and all else is read', async () => {
  const { node, text } = await afterOtherVersion((before) => before.replace('{"sessionId"', '{"ofTomorrow":{"a":[1]},"sessionId"'));
  expect(text).toContain('ofTomorrow');
  expect(parseSnapshots(text)).toEqual([CLIENT]);
  expect(node.log.filter(({ msg }) => String(msg).startsWith('the saved sessions cannot be read'))).toEqual([]);
});
