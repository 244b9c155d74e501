import { chmod, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { upgrade } from './schema.ts';
import { openDatabase, saysCorrupt } from './sqlite.ts';

/**
 * Opens the database of matches, and makes it where there is none: only its owner can read it. A damaged file is set aside as
 * `FILE.corrupt`, in place of an earlier one, and another one begins.
 * @param warn gets one line for people, if something is wrong.
 * @returns undefined if there can be no history. The program goes on without.
 */
export async function openHistoryFile(file: string, warn: (text: string) => void): Promise<DatabaseSync | undefined> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const inode = await makePrivate(file);
    try {
      return await openUpgraded(file, warn);
    } catch (thrown) {
      if (!saysCorrupt(thrown)) throw thrown;
      await setAside(file, inode);
      warn(`the history of matches was damaged, and begins again; the old file is ${file}.corrupt`);
      await makePrivate(file);
      return await openUpgraded(file, warn);
    }
  } catch (thrown) {
    warn(`there is no history of matches: ${thrown instanceof Error ? thrown.message : String(thrown)} (${file})`);
    return undefined;
  }
}

/** @returns which file it is. */
async function makePrivate(file: string): Promise<number> {
  const handle = await open(file, 'a', 0o600);
  await handle.close();
  await chmod(file, 0o600);
  return (await stat(file)).ino;
}

async function openUpgraded(file: string, warn: (text: string) => void): Promise<DatabaseSync | undefined> {
  const database = await openDatabase(file);
  try {
    const check: unknown = Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})[0];
    if (check !== 'ok') throw Object.assign(new Error(String(check)), { errcode: 11 });
    if (upgrade(database)) return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
  database.close();
  warn(`there is no history of matches: ${file} was written by a newer version of lightspeed`);
  return undefined;
}

/** Another program may have found the same, and have begun another file: that one stays. */
async function setAside(file: string, inode: number): Promise<void> {
  if ((await stat(file)).ino !== inode) return;
  await rename(file, `${file}.corrupt`);
  // It belongs to the old file, and would be played into the new one.
  await rm(`${file}-journal`, { force: true });
}
