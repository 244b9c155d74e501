import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** How `status` reaches a client that runs. */
export interface ClientNote {
  readonly pid: number;
  /** `ADDRESS:PORT` of its page. */
  readonly address: string;
  readonly secret: string;
}

const OWNER_ONLY = 0o600;
const OWNER_ONLY_FOLDER = 0o700;
const NAME = /^\d{1,10}\.json$/;

/** Leaves a note that only this user can read. @returns what takes it away. */
export async function leaveNote(folder: string, note: ClientNote): Promise<() => Promise<void>> {
  const file = join(folder, `${note.pid}.json`);
  await mkdir(folder, { recursive: true, mode: OWNER_ONLY_FOLDER });
  // One of an earlier program with this number may be of another mode.
  await rm(file, { force: true });
  await writeFile(file, JSON.stringify(note), { mode: OWNER_ONLY, flag: 'wx' });
  return () => rm(file, { force: true });
}

/** Notes of clients that run; those of programs that are no more are deleted. */
export async function readNotes(folder: string): Promise<ClientNote[]> {
  const names = await readdir(folder).catch(() => []);
  const notes: ClientNote[] = [];
  for (const name of names.filter((one) => NAME.test(one))) {
    const file = join(folder, name);
    const note = parseNote(await readFile(file, 'utf8').catch(() => ''));
    if (note !== undefined && runs(note.pid)) notes.push(note);
    else if (note !== undefined) await rm(file, { force: true });
  }
  return notes;
}

function parseNote(text: string): ClientNote | undefined {
  try {
    const { pid, address, secret } = JSON.parse(text) as Partial<ClientNote>;
    if (typeof pid !== 'number' || typeof address !== 'string' || typeof secret !== 'string') return undefined;
    return { pid, address, secret };
  } catch {
    return undefined;
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It runs, as another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
