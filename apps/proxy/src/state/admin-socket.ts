import { hash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { NodeError, messageOf } from '../base/node-error.ts';

const SOCKET = 'node.sock';
const DRAIN = 'drain\n';
const ANSWER = 'draining\n';
const TIMEOUT_MS = 2_000;

/** Windows has named pipes instead, which are no files and go with their process. */
const isFile = process.platform !== 'win32';

function socketOf(folder: string): string {
  if (isFile) return join(folder, SOCKET);
  return `\\\\.\\pipe\\lightspeed-${hash('sha256', resolve(folder)).slice(0, 32)}`;
}

/** A local socket by which a running node is reached by those who may open its state folder, and by nobody else. */
export class AdminSocket {
  readonly #server: Server;
  readonly #sockets: ReadonlySet<Socket>;

  private constructor(server: Server, sockets: ReadonlySet<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
  }

  /** @throws {NodeError} if another node has the folder, or no socket can be made there. */
  static async open(folder: string, onDrain: () => void): Promise<AdminSocket> {
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
      serve(socket, onDrain);
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
 * Tells the node whose state folder this is to drain.
 * @throws {NodeError} if there is none that answers.
 */
export async function askToDrain(folder: string): Promise<void> {
  const path = socketOf(folder);
  const socket = createConnection(path);
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('it does not answer')));
  try {
    await once(socket, 'connect');
    socket.write(DRAIN);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    if (answer.toString() !== ANSWER) throw new Error('it does not understand');
  } catch (cause) {
    throw new NodeError('ERR_PROXY_STATE', `${path}: no node can be reached: ${messageOf(cause)}`, { cause });
  } finally {
    socket.destroy();
  }
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

function serve(socket: Socket, onDrain: () => void): void {
  let heard = '';
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes) => {
    heard += bytes.toString('latin1');
    if (heard === DRAIN) {
      socket.end(ANSWER);
      onDrain();
    } else if (heard.length >= DRAIN.length) {
      socket.destroy();
    }
  });
}
