import { textIfThere } from '../base/text-file.ts';
import { join } from 'node:path';
import { formatRevocation, parseRevocationList } from '@lightspeed/security';
import type { Logger } from 'pino';
import { messageOf } from '../base/node-error.ts';
import { replaceFile } from '../state/replace-file.ts';
import { WatchedFiles } from './watched-files.ts';

type Ids = ReadonlySet<string>;

const COPY = 'revoked.txt';
const NONE: Ids = new Set();

/**
 * The ids of revoked tickets: what a file says, and what it has said before. A file that is missing, cannot be read or has become
 * shorter lets nobody back in. A copy that was cut short looks the same. Only {@link reload} takes what is gone from it for
 * gone. The ids that count are kept in the state folder, so that they outlive a restart.
 */
export class Revocations {
  readonly #file: string;
  readonly #copy: string | undefined;
  readonly #watched: WatchedFiles;
  readonly #log: Logger;
  #ids: Ids = NONE;

  private constructor(file: string, stateDir: string | undefined, log: Logger) {
    this.#file = file;
    this.#copy = stateDir === undefined ? undefined : join(stateDir, COPY);
    this.#watched = new WatchedFiles([file]);
    this.#log = log;
  }

  /**
   * A file that is not there yet, and never was, is an empty one.
   * @param stateDir where the ids are kept; undefined if they are not.
   * @throws if the file cannot be read or understood, and there is nothing from before.
   */
  static async open(file: string, stateDir: string | undefined, log: Logger): Promise<Revocations> {
    const revocations = new Revocations(file, stateDir, log);
    await revocations.#watched.changed();
    const kept = stateDir === undefined ? undefined : await keptRevocations(stateDir, file);
    revocations.#ids = kept ?? NONE;
    try {
      await revocations.#read(false);
    } catch (error) {
      if (kept === undefined) throw error;
      revocations.#refused(error);
    }
    return revocations;
  }

  get ids(): Ids {
    return this.#ids;
  }

  /** Reads the file again if it has changed. */
  async refresh(): Promise<void> {
    if (await this.#watched.changed()) await this.#readAgain(false);
  }

  /** Reads the file again, and counts only what it says. */
  async reload(): Promise<void> {
    await this.#watched.changed();
    await this.#readAgain(true);
  }

  async #readAgain(isAll: boolean): Promise<void> {
    try {
      if (await this.#read(isAll)) this.#log.info({ revoked: this.#ids.size }, 'read the revocation list again');
    } catch (error) {
      this.#refused(error);
    }
  }

  /** @returns whether there is a file. */
  async #read(isAll: boolean): Promise<boolean> {
    const text = await textIfThere(this.#file);
    if (text === undefined) {
      const what = this.#ids.size === 0 ? 'no ticket is revoked' : 'what it said last stays in force';
      this.#log.warn({ file: this.#file, revoked: this.#ids.size }, `the revocation list is not there: ${what}`);
      return false;
    }
    const said = parseRevocationList(text);
    const missing = isAll ? [] : [...this.#ids].filter((id) => !said.has(id));
    if (missing.length > 0) {
      this.#log.warn(
        { file: this.#file, missing: missing.length },
        'the revocation list has lost tickets: they stay revoked until SIGHUP says that this is meant',
      );
    }
    this.#ids = new Set([...said, ...missing]);
    await this.#keep();
    return true;
  }

  #refused(error: unknown): void {
    this.#log.error({ file: this.#file, why: messageOf(error) }, 'the revocation list cannot be read: the old list stays in force');
  }

  async #keep(): Promise<void> {
    if (this.#copy === undefined) return;
    try {
      await replaceFile(this.#copy, [`${titleOf(this.#file)}\n`, ...[...this.#ids].map((id) => formatRevocation(id))]);
    } catch (error) {
      this.#log.error({ file: this.#copy, why: messageOf(error) }, 'the revocation list cannot be kept for the next start');
    }
  }
}

/** The first line names the file: what another one has said does not count for this one. */
function titleOf(file: string): string {
  return `# of ${JSON.stringify(file)}`;
}

/** What a state folder has of what a list said last. @returns undefined if nothing was kept of this list. */
export async function keptRevocations(stateDir: string, file: string): Promise<ReadonlySet<string> | undefined> {
  const text = await textIfThere(join(stateDir, COPY)).catch(() => undefined);
  if (text?.startsWith(`${titleOf(file)}\n`) !== true) return undefined;
  try {
    return parseRevocationList(text);
  } catch {
    return undefined;
  }
}
