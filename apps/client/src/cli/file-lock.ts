import { once } from 'node:events';
import { mkdir, rm, stat } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import type { Server } from 'node:net';

/** Who has found a lock without holder needs a moment to take it. */
const TAKING_MS = 10_000;

/** A lock that ends with the program that holds it, however that ends: a local socket at which nobody else can listen. */
export class FileLock {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /**
   * @param path where the lock is, without ending.
   * @returns undefined if another program has it.
   * @throws {Error} (rejection) if there can be no lock.
   */
  static async take(path: string): Promise<FileLock | undefined> {
    const isFile = process.platform !== 'win32';
    const socket = isFile ? `${path}.lock` : `\\\\.\\pipe\\lightspeed-${path.replace(/^.*[\\/]/, '')}`;
    const first = await listen(socket);
    if (first !== undefined || !isFile || (await answers(socket))) return first && new FileLock(first);
    // Its holder was killed. One program at a time may take the socket away.
    const guard = `${path}.taking`;
    if (!(await isTaken(guard))) return undefined;
    try {
      if (await answers(socket)) return undefined;
      await rm(socket, { force: true });
      const server = await listen(socket);
      return server && new FileLock(server);
    } finally {
      await rm(guard, { recursive: true, force: true });
    }
  }

  async release(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }
}

/** @returns undefined if there is a socket already. */
async function listen(path: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen(path);
    await once(server, 'listening');
  } catch (thrown) {
    server.close();
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EADDRINUSE') return undefined;
    throw thrown;
  }
  server.on('error', () => undefined);
  server.unref();
  return server;
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

async function isTaken(guard: string): Promise<boolean> {
  const found = await stat(guard).catch(() => undefined);
  if (found !== undefined && Date.now() - found.mtimeMs > TAKING_MS) await rm(guard, { recursive: true, force: true });
  return mkdir(guard).then(
    () => true,
    () => false,
  );
}
