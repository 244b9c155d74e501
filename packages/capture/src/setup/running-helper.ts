import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { descriptorOf, peerOf } from '../helper/sockets.ts';
import type { Places } from './places.ts';

/*
 * A helper that no systemd starts and ends.
 */

const START_MS = 10_000;
const TRY_MS = 20;

/**
 * Starts the helper, which outlives this process. Resolves when it listens.
 * @param words of the command, from `install`
 * @throws {Error} if it does not listen within 10 s.
 */
export async function startHelper([program, ...args]: readonly string[], { socket }: Places): Promise<void> {
  const helper = spawn(program, args, { detached: true, stdio: 'ignore' });
  await once(helper, 'spawn');
  helper.unref();
  for (const endMs = performance.now() + START_MS; performance.now() < endMs; await setTimeout(TRY_MS)) {
    const connection = await connectionTo(socket);
    connection?.destroy();
    if (connection !== undefined) return;
    if (helper.exitCode !== null) break;
  }
  throw new Error(`the helper does not listen at ${socket}: see what it says with ${[program, ...args].join(' ')}`);
}

/** Ends a helper that listens. Resolves when nothing is caught any more. */
export async function endHelper({ socket }: Places): Promise<void> {
  const connection = await connectionTo(socket);
  if (connection === undefined) return;
  const closed = once(connection, 'close');
  const { pid, uid } = peerOf(descriptorOf(connection));
  if (uid === 0) process.kill(pid, 'SIGTERM');
  else connection.destroy();
  await closed;
}

/** @returns undefined if nobody listens there. */
async function connectionTo(path: string): Promise<Socket | undefined> {
  const connection = connect(path);
  try {
    await once(connection, 'connect');
  } catch {
    return undefined;
  }
  // Its end may come as an error, too.
  return connection.on('error', () => undefined).resume();
}
