import { hash } from 'node:crypto';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { NodeError, messageOf } from '../base/node-error.ts';
import { AdminSocket } from './admin-socket.ts';
import type { AdminCommands } from './admin-socket.ts';
import type { ClientSnapshot } from './snapshot-file.ts';
import { Journal } from './journal.ts';
import { replaceFile } from './replace-file.ts';
import type { WrittenFile } from './replace-file.ts';
import { closeFiles, openFilesIn } from './private-files.ts';
import { formatChange, formatEnd, formatSnapshots, parseSnapshots } from './snapshot-file.ts';

const STATE_FILE = 'sessions.json';
const JOURNAL_FILE = 'sessions.journal';
/** Accounts that are banned. */
export const BANS_FILE = 'bans.json';
/** A journal that is longer than this, and than the file that it continues, makes starting slower than writing anew. */
const LONG_JOURNAL_BYTES = 1_048_576;

/**
 * What a node keeps over restarts, in a folder that is its own while it runs.
 *
 * ```
 *   node.sock                  who can open it may tell the node what to do; that it answers says that the folder is in use
 *   sessions.json              registrations and their sessions; replaced as a whole
 *   sessions.journal           what has changed since
 *   bans.json                  accounts that are banned
 *   revoked.txt                the ids of revoked tickets that count, see Revocations
 *   sessions.json.damaged      the last one that could not be read
 *   control-key.pem, control-certificate.pem     the identity, see @lightspeed/control/quic
 * ```
 */
export class StateFolder {
  readonly #folder: string;
  readonly #socket: AdminSocket;
  readonly #log: Logger;
  readonly #journal: Journal;
  /** The file that a journal would continue; undefined before there is one. */
  #whole: WrittenFile | undefined;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, socket: AdminSocket, log: Logger) {
    this.#folder = folder;
    this.#socket = socket;
    this.#log = log;
    this.#journal = new Journal(join(folder, JOURNAL_FILE));
  }

  /** Where bans are kept, see `AccountBans`. */
  get bansFile(): string {
    return join(this.#folder, BANS_FILE);
  }

  /**
   * @param commands what the node can be asked by way of the folder.
   * @throws {NodeError} if the folder cannot be had, or another node has it.
   */
  static async open(folder: string, log: Logger, commands: AdminCommands): Promise<StateFolder> {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw new NodeError(
        'ERR_PROXY_STATE',
        `${folder}: no state can be kept here: ${messageOf(cause)}; choose another folder with --state-dir`,
        { cause },
      );
    }
    await closeFiles(await openFilesIn(folder), log);
    return new StateFolder(folder, await AdminSocket.open(folder, commands), log);
  }

  /** What was saved last. A file that cannot be understood is set aside: it must not keep the node from starting. */
  async load(): Promise<ClientSnapshot[]> {
    const file = join(this.#folder, STATE_FILE);
    try {
      const text = await readFile(file, 'utf8');
      return await this.#journal.applyTo(parseSnapshots(text), hash('sha256', text));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      const aside = `${file}.damaged`;
      this.#log.warn(
        { file, aside, why: messageOf(error) },
        'the saved sessions cannot be read: the file is set aside, and the node starts without it',
      );
      await rename(file, aside).catch(() => undefined);
      return [];
    }
  }

  /**
   * Replaces what is saved.
   * @param clients looked at while they are written, in pieces, between which the main thread does other things.
   * @returns whether it is saved; a failure is logged.
   */
  save(clients: Iterable<ClientSnapshot>): Promise<boolean> {
    return this.#next(async () => {
      this.#whole = undefined;
      this.#whole = await replaceFile(join(this.#folder, STATE_FILE), formatSnapshots(clients));
      await this.#journal.end();
    });
  }

  /**
   * Adds to what is saved, which takes as long as there is to add.
   * @param changed clients that are not as they were, or are new.
   * @param over session ids of registrations that have ended.
   * @returns false if everything has to be saved as a whole: at first, after a failure, and now and then.
   */
  async add(changed: Iterable<ClientSnapshot>, over: Iterable<number>): Promise<boolean> {
    const whole = this.#whole;
    if (whole === undefined || this.#journal.bytes > Math.max(LONG_JOURNAL_BYTES, whole.bytes)) return false;
    let lines = '';
    for (const sessionId of over) lines += formatEnd(sessionId);
    for (const client of changed) lines += formatChange(client);
    return lines === '' || this.#next(() => this.#journal.add(lines, whole.sha256));
  }

  #next(write: () => Promise<void>): Promise<boolean> {
    const writing = this.#writing.then(async () => {
      try {
        await write();
        return true;
      } catch (error) {
        this.#whole = undefined;
        this.#log.error({ why: messageOf(error) }, 'the sessions cannot be saved');
        return false;
      }
    });
    this.#writing = writing;
    return writing;
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#journal.close();
    await this.#socket.close();
  }
}
