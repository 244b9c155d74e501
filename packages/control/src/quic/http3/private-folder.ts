import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { QuicError } from '../transport/quic-error.ts';

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs `start` with a folder for temporary files that nobody else can look into.
 *
 * The library's native code reads PEM only from files. It writes its input, private key included, under a predictable
 * name into the folder for temporary files, readable by everybody. Then it deletes the file. In a folder of mode 0700
 * of our own neither reading it nor putting another file in its place is possible. One at a time, since the environment
 * of the process says where that folder is.
 *
 * @throws {QuicError} `ERR_QUIC_UNAVAILABLE` in a worker thread, whose environment the native code does not see
 */
export function withPrivateFolder<T>(start: () => Promise<T>): Promise<T> {
  if (!isMainThread) {
    const words = 'QUIC with a certificate can be started in the main thread only';
    return Promise.reject(new QuicError('ERR_QUIC_UNAVAILABLE', words));
  }
  const turn = last.then(() => inPrivateFolder(start));
  last = turn.catch(() => undefined);
  return turn;
}

async function inPrivateFolder<T>(start: () => Promise<T>): Promise<T> {
  const before = process.env['TMPDIR'];
  const folder = await mkdtemp(join(tmpdir(), 'lightspeed-'));
  process.env['TMPDIR'] = folder;
  try {
    return await start();
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    await rm(folder, { recursive: true, force: true });
  }
}
