import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** What a start reads. The socket is not among it: who opens a folder makes that. */
const FILES = ['sessions.json', 'sessions.journal', 'bans.json', 'revoked.txt', 'control-key.pem', 'control-certificate.pem'] as const;
const NAME = /^trial-(\d+)$/;

/**
 * Copies what a node keeps, for another one that is to read it while the first goes on. The copy lies in the folder itself, since it has the
 * same secrets, and is gone when it is disposed of. Copies of processes that are no more are removed, too.
 * @param folder a state folder (docs/operating.md, State)
 * @returns undefined where there is no such folder.
 * @throws {Error} if it cannot be read or written.
 */
export async function copyState(folder: string): Promise<(AsyncDisposable & { readonly folder: string }) | undefined> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (names === undefined) return undefined;
  for (const name of names) {
    const [, pid] = NAME.exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) await remove(join(folder, name));
  }
  const copy = join(folder, `trial-${process.pid}`);
  const dispose = () => remove(copy);
  try {
    await mkdir(copy, { mode: 0o700 });
    for (const name of FILES) if (names.includes(name)) await copyFile(join(folder, name), join(copy, name));
  } catch (error) {
    await dispose();
    throw error;
  }
  return { folder: copy, [Symbol.asyncDispose]: dispose };
}

function remove(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
