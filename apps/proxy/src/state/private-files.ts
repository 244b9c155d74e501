import { chmod, stat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { basename, join } from 'node:path';
import type { Logger } from 'pino';
import { messageOf } from '../base/node-error.ts';

/** What a folder has that only its owner may read, if it is there. */
const SECRET_FILES = ['control-key.pem', 'sessions.json', 'sessions.journal', 'sessions.json.damaged'] as const;

const GROUP_AND_OTHERS = 0o077;
const OTHERS = 0o007;
/** Everybody may put files there, as in /tmp: it is nobody's own. */
const STICKY = 0o1000;

/** A file or folder that more may open than should. */
export interface OpenFile {
  readonly path: string;
  readonly mode: string;
  /** What its mode should be. */
  readonly wanted: number;
  /** Whether it is this user's own, so that its mode can be changed. */
  readonly isOwn: boolean;
}

/** What of a state folder others may open. Systems without such modes have nothing to tell. */
export async function openFilesIn(folder: string): Promise<OpenFile[]> {
  const found = await Promise.all([
    openFile(folder, GROUP_AND_OTHERS, 0o700),
    ...SECRET_FILES.map((name) => openFile(join(folder, name), GROUP_AND_OTHERS, 0o600)),
  ]);
  return found.filter((file) => file !== undefined);
}

/** A private key that the configuration names: a group may read it if its owner wants that. */
export async function openKey(path: string): Promise<OpenFile | undefined> {
  return openFile(path, OTHERS, 0o600);
}

/** Takes from others what is theirs only, and says so; where that cannot be done, it says that. */
export async function closeFiles(files: readonly OpenFile[], log: Logger): Promise<void> {
  for (const { path, mode, wanted, isOwn } of files) {
    try {
      if (!isOwn) throw new Error('it belongs to somebody else, or to everybody');
      await chmod(path, wanted);
      log.warn({ path, mode }, `others could open ${basename(path)}, which has secrets: its mode is 0${wanted.toString(8)} now`);
    } catch (error) {
      log.warn(
        { path, mode, why: messageOf(error) },
        `others can open ${basename(path)}, which has secrets: chmod 0${wanted.toString(8)} it`,
      );
    }
  }
}

async function openFile(path: string, mask: number, wanted: number): Promise<OpenFile | undefined> {
  const found = process.platform === 'win32' ? undefined : await statIfThere(path);
  if (found === undefined || (found.mode & mask) === 0) return undefined;
  const isOwn = found.uid === process.getuid?.() && (found.mode & STICKY) === 0;
  return { path, mode: `0${(found.mode & 0o7777).toString(8)}`, wanted, isOwn };
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch {
    return undefined;
  }
}
