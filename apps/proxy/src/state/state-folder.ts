import { createHash } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { NodeError, messageOf } from '../node-error.ts';
import { AdminSocket } from './admin-socket.ts';
import type { SavedClient } from './saved-state.ts';
import { formatState, parseState } from './saved-state.ts';

const STATE_FILE = 'sessions.json';
const MODE = 0o600;
const BLOCK_CHARACTERS = 256 * 1_024;

/**
 * What a node keeps over restarts, in a folder that is its own while it runs.
 *
 * ```
 *   node.sock                  who can open it may tell the node to drain; that it answers says that the folder is in use
 *   sessions.json              registrations and their sessions; replaced as a whole
 *   sessions.json.damaged      the last one that could not be read
 *   control-key.pem, control-certificate.pem     the identity, see @lightspeed/control/quic
 * ```
 */
export class StateFolder {
  readonly #folder: string;
  readonly #socket: AdminSocket;
  readonly #log: Logger;
  /** Of the text that is in the file: the text itself would be megabytes. */
  #writtenDigest = '';
  #writing: Promise<void> = Promise.resolve();

  private constructor(folder: string, socket: AdminSocket, log: Logger) {
    this.#folder = folder;
    this.#socket = socket;
    this.#log = log;
  }

  /**
   * @param onDrain somebody asks the node to drain.
   * @throws {NodeError} if the folder cannot be had, or another node has it.
   */
  static async open(folder: string, log: Logger, onDrain: () => void): Promise<StateFolder> {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw new NodeError(
        'ERR_PROXY_STATE',
        `${folder}: no state can be kept here: ${messageOf(cause)}; choose another folder with --state-dir`,
        { cause },
      );
    }
    return new StateFolder(folder, await AdminSocket.open(folder, onDrain), log);
  }

  /** What was saved last. A file that cannot be understood is set aside: it must not keep the node from starting. */
  async load(): Promise<SavedClient[]> {
    const file = join(this.#folder, STATE_FILE);
    try {
      return parseState(await readFile(file, 'utf8'));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      const aside = `${file}.damaged`;
      this.#log.warn(
        { file, aside, why: messageOf(error) },
        'the saved sessions cannot be read: set aside, and started without them',
      );
      await rename(file, aside).catch(() => undefined);
      return [];
    }
  }

  /** Replaces what is saved, if it is different. A failure is logged, and tried again at the next call. */
  save(clients: Iterable<SavedClient>): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const { blocks, digest } = blocksOf(formatState(clients));
      if (digest === this.#writtenDigest) return;
      try {
        await replace(join(this.#folder, STATE_FILE), blocks);
        this.#writtenDigest = digest;
      } catch (error) {
        this.#log.error({ why: messageOf(error) }, 'the sessions cannot be saved');
      }
    });
    return this.#writing;
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#socket.close();
  }
}

/** A text as it is written, outside of V8's heap: of very many clients it is megabytes. */
function blocksOf(parts: Iterable<string>): { blocks: readonly Buffer[]; digest: string } {
  const blocks: Buffer[] = [];
  const hash = createHash('sha256');
  let text = '';
  const endBlock = () => {
    const block = Buffer.from(text);
    hash.update(block);
    blocks.push(block);
    text = '';
  };
  for (const part of parts) {
    text += part;
    if (text.length >= BLOCK_CHARACTERS) endBlock();
  }
  endBlock();
  return { blocks, digest: hash.digest('hex') };
}

/** After a crash at any moment there is the old file or the new one, whole. */
async function replace(file: string, blocks: readonly Buffer[]): Promise<void> {
  const beside = `${file}.new`;
  const handle = await open(beside, 'w', MODE);
  try {
    for (const block of blocks) await handle.writeFile(block);
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
