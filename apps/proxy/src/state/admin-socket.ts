import { hash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { errnoOf } from '@lightspeed/udp';
import { NodeError, messageOf } from '../base/node-error.ts';

/** The socket's name in the state folder, where sockets are files. */
export const ADMIN_SOCKET = 'node.sock';
/** How long the other end may take to say what it wants, or to accept. */
const TIMEOUT_MS = 2_000;
/** How long a node may take for what it is asked: before it restarts, it tries its program. */
const ANSWER_MS = 30_000;
const MAX_COMMAND_BYTES = 512;
const REFUSED = 'error: ';

/** Windows has named pipes instead, which are no files and go with their process. */
const isFile = process.platform !== 'win32';

function socketOf(folder: string): string {
  if (isFile) return join(folder, ADMIN_SOCKET);
  return `\\\\.\\pipe\\lightspeed-${hash('sha256', resolve(folder)).slice(0, 32)}`;
}

/**
 * What a running node can be asked, by the first word of the question.
 * @returns the answer; an error's message is told as one.
 */
export type AdminCommands = Readonly<Record<string, (words: readonly string[]) => string | Promise<string>>>;

/**
 * A local socket by which a running node is reached by those who may open its state folder, and by nobody else.
 *
 * ```
 *   asked        drain\n                one line: a command, and its words, with spaces between them
 *   answered     draining               until the end of the stream; "error: ..." if that cannot be done
 * ```
 */
export class AdminSocket {
  readonly #server: Server;
  readonly #sockets: ReadonlySet<Socket>;

  private constructor(server: Server, sockets: ReadonlySet<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
  }

  /** @throws {NodeError} if another node has the folder, or no socket can be made there. */
  static async open(folder: string, commands: AdminCommands): Promise<AdminSocket> {
    const path = socketOf(folder);
    if (await answers(path)) {
      throw new NodeError('ERR_PROXY_STATE', `${folder} is the state folder of another node that runs: choose another with --state-dir`);
    }
    // Left by a node that was killed.
    if (isFile) await rm(path, { force: true });
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      serve(socket, commands);
    });
    server.maxConnections = 4;
    try {
      server.listen(path);
      await once(server, 'listening');
      if (isFile) await chmod(path, 0o600);
    } catch (cause) {
      server.close();
      throw new NodeError(
        'ERR_PROXY_STATE',
        `${path}: no socket can be made: ${messageOf(cause)}; choose another folder with --state-dir`,
        { cause },
      );
    }
    server.on('error', () => {
      // A connection that could not be accepted: no reason for the node to end.
    });
    return new AdminSocket(server, sockets);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

/**
 * Asks the node whose state folder this is.
 * @param command a command and its words.
 * @returns what the node answers.
 * @throws {NodeError} if there is none that answers, or it refuses.
 */
export async function askNode(folder: string, command: string): Promise<string> {
  const path = socketOf(folder);
  const answer = await answerOf(path, command);
  if (answer.startsWith(REFUSED)) throw new NodeError('ERR_PROXY_STATE', `the node refuses: ${answer.slice(REFUSED.length)}`);
  return answer;
}

async function answerOf(path: string, command: string): Promise<string> {
  const socket = createConnection(path);
  socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error('it does not answer')));
  try {
    await once(socket, 'connect');
    socket.write(`${command}\n`);
    let answer = '';
    for await (const bytes of socket) answer += String(bytes);
    if (answer === '') throw new Error('it does not understand');
    return answer;
  } catch (cause) {
    throw new NodeError('ERR_PROXY_STATE', `${path}: no node can be reached: ${whyNot(cause)}`, { cause });
  } finally {
    socket.destroy();
  }
}

function whyNot(cause: unknown): string {
  const errno = errnoOf(cause);
  if (errno === 'ENOENT' || errno === 'ECONNREFUSED')
    return `none runs with this state folder (${errno}); start one, or name the folder of yours with --state-dir`;
  if (errno === 'EACCES' || errno === 'EPERM') return `its folder belongs to another user (${errno}); use that user, or sudo`;
  return messageOf(cause);
}

async function answers(path: string): Promise<boolean> {
  const socket = createConnection(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function serve(socket: Socket, commands: AdminCommands): void {
  let heard = '';
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes) => {
    heard += bytes.toString('latin1');
    const end = heard.indexOf('\n');
    if (end < 0 && heard.length <= MAX_COMMAND_BYTES) return;
    socket.removeAllListeners('data').resume();
    socket.setTimeout(ANSWER_MS);
    void answer(heard.slice(0, Math.max(0, end)), commands).then((text) => (text === undefined ? socket.destroy() : socket.end(text)));
  });
}

/** @returns undefined if there is no such command. */
async function answer(line: string, commands: AdminCommands): Promise<string | undefined> {
  const [name, ...words] = line.split(' ');
  if (!Object.hasOwn(commands, name)) return undefined;
  try {
    return await commands[name](words);
  } catch (error) {
    return `${REFUSED}${messageOf(error)}`;
  }
}
