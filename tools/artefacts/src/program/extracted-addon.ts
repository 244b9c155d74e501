import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

/*
 * Systems load native code from files only. A single file writes its own to a folder that belongs to the user alone, and named by
 * the content's hash. Later starts find it there, and compare it byte by byte before they load it.
 */

const FOR_OTHERS = 0o077;
const WRITABLE_FOR_OTHERS = 0o022;
/** Only whoever owns a file may rename it there, as in /tmp. */
const STICKY = 0o1000;
const ROOT_UID = 0;

/**
 * Writes native code to a file, if it is not there, and loads it. Some folders are read-only, or mounted so that nothing in them may be
 * executed. So it tries the user's folder for caches, that for state, and that for running programs. Last comes the one for temporary files.
 * @param name of the file
 * @param load is given the path, and throws if it cannot be loaded from there
 * @throws {Error} with the folders that were tried, what the system said of each, and what to do.
 */
export function extractedAddon<T>(name: string, bytes: Buffer, load: (file: string) => T, env: NodeJS.ProcessEnv = process.env): T {
  const hash = createHash('sha256').update(bytes).digest('hex');
  const obstacles: string[] = [];
  const attempt = (folder: string, how: () => T): T | undefined => {
    try {
      return how();
    } catch (error) {
      obstacles.push(`${folder} (${reasonOf(error)})`);
      return undefined;
    }
  };
  for (const folder of lastingFolders(env)) {
    const addon = attempt(folder, () => load(lastingFile(join(folder, 'lightspeed'), hash, name, bytes)));
    if (addon !== undefined) return addon;
  }
  const addon = attempt(tmpdir(), () => loadOnce(name, bytes, load));
  if (addon !== undefined) return addon;
  throw new Error(
    `${name} cannot be loaded from ${obstacles.join(', nor from ')}: set XDG_CACHE_HOME to a folder of yours alone, where programs may be executed`,
  );
}

/** Folders of the user that outlive the program. */
function lastingFolders(env: NodeJS.ProcessEnv): string[] {
  const home = env['HOME'] || userInfo().homedir;
  const caches = process.platform === 'darwin' ? 'Library/Caches' : '.cache';
  const folders = [
    env['XDG_CACHE_HOME'] || join(home, caches),
    env['XDG_STATE_HOME'] || join(home, '.local/state'),
    env['XDG_RUNTIME_DIR'] ?? '',
  ];
  return [...new Set(folders)].filter(isAbsolute);
}

/** The file with these bytes, in a folder that is named by their hash. */
function lastingFile(parent: string, hash: string, name: string, bytes: Buffer): string {
  const folder = join(parent, `native-${hash}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  requireOwn(folder, 'a folder');
  const real = realpathSync(folder);
  requireTrustedAround(real);
  const file = join(real, name);
  if (!isThere(file, bytes)) {
    // Another thread, or another start, may do the same now: whoever is last replaces the file by the same bytes.
    const draft = join(real, `.${name}-${randomBytes(8).toString('hex')}`);
    try {
      writeFileSync(draft, bytes, { mode: 0o700, flag: 'wx' });
      renameSync(draft, file);
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
  }
  return file;
}

/** Whoever may rename a folder around it could put another one in its place, after it was looked at. */
function requireTrustedAround(path: string): void {
  const { platform, getuid } = process;
  if (platform === 'win32' || getuid === undefined) return;
  for (let folder = dirname(path), below = path; folder !== below; below = folder, folder = dirname(folder)) {
    const { uid, mode } = lstatSync(folder);
    if (uid !== ROOT_UID && uid !== getuid()) throw new Error(`${folder} belongs to user ${uid}, who could exchange what is in it`);
    if ((mode & WRITABLE_FOR_OTHERS) !== 0 && (mode & STICKY) === 0) {
      throw new Error(`${folder} can be written to by other users, who could exchange what is in it`);
    }
  }
}

function isThere(file: string, bytes: Buffer): boolean {
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return false;
  requireOwn(file, 'a file');
  return readFileSync(file).equals(bytes);
}

/** Whoever can write to it could have his own code run. */
function requireOwn(path: string, kind: 'a folder' | 'a file'): void {
  const status = lstatSync(path);
  const isKind = kind === 'a folder' ? status.isDirectory() : status.isFile();
  if (!isKind) throw new Error(`${path} is not ${kind}: remove it`);
  if (status.uid !== (process.getuid?.() ?? status.uid)) throw new Error(`${path} belongs to user ${status.uid}: remove it`);
  if (process.platform !== 'win32' && (status.mode & FOR_OTHERS) !== 0) throw new Error(`${path} is open to other users: remove it`);
}

/** From a folder of its own that nobody else knows beforehand, and that is gone afterwards. */
function loadOnce<T>(name: string, bytes: Buffer, load: (file: string) => T): T {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lightspeed-native-')));
  try {
    requireTrustedAround(folder);
    const file = join(folder, name);
    writeFileSync(file, bytes, { mode: 0o700, flag: 'wx' });
    return load(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The linker begins with the path, which is long. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/^\/\S+\.node: /, '') : String(error);
}
