import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { QuicError, reasonOf } from '../transport/quic-error.ts';

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs `start` with a folder for temporary files that nobody else can look into.
 *
 * The library's native code reads PEM only from files. It writes its input, private key included, under a predictable
 * name into the folder for temporary files, readable by everybody. Then it deletes the file. In a folder of mode 0700
 * of our own neither reading it nor putting another file in its place is possible. One at a time, since the environment
 * of the process says where that folder is.
 *
 * @param others where the folder may be made if the system's folder for temporary files, $XDG_RUNTIME_DIR and $STATE_DIRECTORY
 *   cannot be written to, as on a root that is read-only
 * @throws {QuicError} `ERR_QUIC_UNAVAILABLE` in a worker thread, whose environment the native code does not see; also if no
 *   folder can be made
 */
export function withPrivateFolder<T>(others: readonly string[], start: () => Promise<T>): Promise<T> {
  if (!isMainThread) {
    const words = 'QUIC with a certificate can be started in the main thread only';
    return Promise.reject(new QuicError('ERR_QUIC_UNAVAILABLE', words));
  }
  const turn = last.then(() => inPrivateFolder(others, start));
  last = turn.catch(() => undefined);
  return turn;
}

async function inPrivateFolder<T>(others: readonly string[], start: () => Promise<T>): Promise<T> {
  const before = process.env['TMPDIR'];
  const folder = await makePrivateFolder(others);
  process.env['TMPDIR'] = folder;
  try {
    return await start();
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    await rm(folder, { recursive: true, force: true });
  }
}

async function makePrivateFolder(others: readonly string[]): Promise<string> {
  // systemd separates several state folders by colons.
  const named = [process.env['XDG_RUNTIME_DIR'], process.env['STATE_DIRECTORY']?.split(':', 1)[0]];
  const refused: string[] = [];
  for (const parent of new Set([tmpdir(), ...named, ...others])) {
    if (parent === undefined || parent === '') continue;
    try {
      return await mkdtemp(join(parent, 'lightspeed-'));
    } catch (thrown) {
      refused.push(`${parent} (${reasonOf(thrown)})`);
    }
  }
  const words = `no folder takes the temporary file with which QUIC starts: tried ${refused.join(', ')}; set TMPDIR to one that can be written to`;
  throw new QuicError('ERR_QUIC_UNAVAILABLE', words);
}
