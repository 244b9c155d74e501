import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeptSession, SessionPlace, SessionStore } from '../settings/session-store.ts';
import { FileLock } from './file-lock.ts';

/** A run says so often that its session is in use. */
const IN_USE_MS = 30_000;
/** No node keeps a silent session for so long, unless its operator has changed how long it does. */
const EXPIRED_MS = 600_000;
/** Runs begin their nonces so far apart: none of them uses as many. */
const NONCES_OF_A_RUN = 2n ** 32n;
const ENDING = '.json';
const MAX_NONCE = 2n ** 64n - 1n;

/**
 * Sessions in a folder, a file for each node and ticket that only its owner can read. The file's time says when its session was
 * used last. Beside it is a lock, which ends with the program that holds it.
 */
export class SessionFiles implements SessionStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async take(node: string, ticket: Uint8Array | undefined): Promise<SessionPlace | undefined> {
    const name = createHash('sha256')
      .update(`${node}\n`)
      .update(ticket ?? '')
      .digest('hex')
      .slice(0, 32);
    const file = join(this.#folder, `${name}${ENDING}`);
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const lock = await FileLock.take(join(this.#folder, name));
      await this.#removeExpired(lock === undefined ? undefined : name).catch(() => undefined);
      return lock === undefined ? undefined : await SessionFile.open(file, lock);
    } catch {
      return undefined;
    }
  }

  /** @param own the one whose lock this program has. Those that others hold are in use, however old they look. */
  async #removeExpired(own: string | undefined): Promise<void> {
    for (const entry of await readdir(this.#folder)) {
      if (!entry.endsWith(ENDING) || !(await isExpired(join(this.#folder, entry)))) continue;
      const name = entry.slice(0, -ENDING.length);
      const lock = name === own ? undefined : await FileLock.take(join(this.#folder, name));
      if (name !== own && lock === undefined) continue;
      try {
        // Its holder may have said meanwhile that it is in use.
        if (await isExpired(join(this.#folder, entry))) await rm(join(this.#folder, entry), { force: true });
      } catch {
        // One that cannot be removed keeps nobody from the others.
      } finally {
        await lock?.release();
      }
    }
  }
}

async function isExpired(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > EXPIRED_MS;
}

class SessionFile implements SessionPlace {
  readonly kept: KeptSession | undefined;
  readonly #file: string;
  readonly #lock: FileLock;
  readonly #timer: NodeJS.Timeout;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(file: string, lock: FileLock, kept: KeptSession | undefined) {
    this.#file = file;
    this.#lock = lock;
    this.kept = kept;
    this.#timer = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => undefined), IN_USE_MS);
    this.#timer.unref();
  }

  static async open(file: string, lock: FileLock): Promise<SessionFile> {
    try {
      const before = parse(await readFile(file, 'utf8').catch(() => ''));
      const nonces = before === undefined ? 0n : before.nonces + NONCES_OF_A_RUN;
      const kept = before === undefined || nonces > MAX_NONCE ? undefined : { ...before, nonces };
      // Before any of them is used, so that the next run begins behind this one's.
      if (kept !== undefined) await replace(file, kept);
      return new SessionFile(file, lock, kept);
    } catch (thrown) {
      await lock.release();
      throw thrown;
    }
  }

  keep(session: KeptSession): Promise<void> {
    const written = this.#writing.then(() => replace(this.#file, session)).catch(() => undefined);
    this.#writing = written;
    return written;
  }

  async leave(isOver: boolean): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    if (isOver) await rm(this.#file, { force: true }).catch(() => undefined);
    await this.#lock.release();
  }
}

async function replace(file: string, { sessionId, token, secret, nonces }: KeptSession): Promise<void> {
  const text = JSON.stringify({ sessionId, token, secret: Buffer.from(secret).toString('hex'), nonces: nonces.toString() });
  const fresh = `${file}.new`;
  await rm(fresh, { force: true });
  await writeFile(fresh, `${text}\n`, { mode: 0o600, flag: 'wx' });
  await rename(fresh, file);
}

/** @returns undefined if the text is not what {@link replace} writes. */
function parse(text: string): KeptSession | undefined {
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read !== 'object' || read === null) return undefined;
    const { sessionId, token, secret, nonces } = read as Record<string, unknown>;
    if (!isWhole(sessionId, 2 ** 32 - 1) || !isWhole(token, 255)) return undefined;
    if (typeof secret !== 'string' || !/^[0-9a-f]{32}$/.test(secret)) return undefined;
    if (typeof nonces !== 'string' || !/^\d{1,20}$/.test(nonces)) return undefined;
    return { sessionId, token, secret: Buffer.from(secret, 'hex'), nonces: BigInt(nonces) };
  } catch {
    return undefined;
  }
}

function isWhole(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
}
