import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { NodeError, messageOf } from '../base/node-error.ts';
import { AdminSocket } from './admin-socket.ts';
import type { AdminCommands } from './admin-socket.ts';
import type { ClientSnapshot } from './snapshot-file.ts';
import { formatSnapshots, parseSnapshots } from './snapshot-file.ts';

const STATE_FILE = 'sessions.json';
const MODE = 0o600;
/** Some 100 clients: the main thread turns to others after every piece. Formatting one takes it a third of a millisecond. */
const PIECE_CHARACTERS = 64 * 1_024;

/**
 * What a node keeps over restarts, in a folder that is its own while it runs.
 *
 * ```
 *   node.sock                  who can open it may tell the node what to do; that it answers says that the folder is in use
 *   sessions.json              registrations and their sessions; replaced as a whole
 *   sessions.json.damaged      the last one that could not be read
 *   control-key.pem, control-certificate.pem     the identity, see @lightspeed/control/quic
 * ```
 */
export class StateFolder {
  readonly #folder: string;
  readonly #socket: AdminSocket;
  readonly #log: Logger;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, socket: AdminSocket, log: Logger) {
    this.#folder = folder;
    this.#socket = socket;
    this.#log = log;
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
    return new StateFolder(folder, await AdminSocket.open(folder, commands), log);
  }

  /** What was saved last. A file that cannot be understood is set aside: it must not keep the node from starting. */
  async load(): Promise<ClientSnapshot[]> {
    const file = join(this.#folder, STATE_FILE);
    try {
      return parseSnapshots(await readFile(file, 'utf8'));
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
    const saving = this.#writing.then(async () => {
      try {
        await replace(join(this.#folder, STATE_FILE), formatSnapshots(clients));
        return true;
      } catch (error) {
        this.#log.error({ why: messageOf(error) }, 'the sessions cannot be saved');
        return false;
      }
    });
    this.#writing = saving;
    return saving;
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#socket.close();
  }
}

/** After a crash at any moment there is the old file or the new one, whole. */
async function replace(file: string, text: Iterable<string>): Promise<void> {
  const beside = `${file}.new`;
  const handle = await open(beside, 'w', MODE);
  try {
    await write(handle, text);
    await handle.sync();
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  // An earlier file of this name may have had another mode.
  await chmod(beside, MODE);
  await rename(beside, file);
}

/** In pieces: of very many clients the text is megabytes. */
async function write(handle: FileHandle, text: Iterable<string>): Promise<void> {
  let piece = '';
  for (const part of text) {
    piece += part;
    if (piece.length < PIECE_CHARACTERS) continue;
    await handle.writeFile(piece, 'latin1');
    piece = '';
  }
  await handle.writeFile(piece, 'latin1');
}
