import { setTimeout } from 'node:timers/promises';
import { errnoOf } from '@lightspeed/udp';
import { NodeError } from '../base/node-error.ts';
import type { NodeStatus, Reloaded } from '../node/admin-commands.ts';
import { askNode } from '../state/admin-socket.ts';

const LOOK_EVERY_MS = 20;
const BACK_WITHIN_MS = 30_000;

/**
 * Has the node whose state folder this is start again, and waits until it serves.
 * @returns how it is then.
 * @throws {NodeError} if it refuses, or does not come back.
 */
export async function restart(folder: string): Promise<NodeStatus> {
  return whenBack(folder, JSON.parse(await askNode(folder, 'restart')) as NodeStatus);
}

/**
 * Has the node whose state folder this is read its configuration again; or start again, if its program was replaced.
 * @returns what has changed, or how the node is after its restart.
 * @throws {NodeError} if it refuses, or does not come back.
 */
export async function reloadOrRestart(folder: string): Promise<Reloaded | NodeStatus> {
  const answer = JSON.parse(await askNode(folder, 'reload')) as Reloaded | NodeStatus;
  return 'run' in answer ? whenBack(folder, answer) : answer;
}

/**
 * How the node is whose state folder this is.
 * @param waitSecs how long it may take to come, and to serve.
 * @param pid the process that is to become the node, if it is known: one that has ended is not waited for.
 * @throws {NodeError} if there is none by then.
 */
export async function nodeStatus(folder: string, waitSecs = 0, pid?: number): Promise<NodeStatus> {
  const startedMs = performance.now();
  while (performance.now() - startedMs < waitSecs * 1_000 && (pid === undefined || isRunning(pid))) {
    const now = await statusOf(folder);
    if (now !== undefined && now.state !== 'starting') return now;
    await setTimeout(LOOK_EVERY_MS);
  }
  return JSON.parse(await askNode(folder, 'status')) as NodeStatus;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It may belong to another user.
    return errnoOf(error) !== 'ESRCH';
  }
}

/** Waits until the node that was so serves as another run. */
async function whenBack(folder: string, before: NodeStatus): Promise<NodeStatus> {
  const startedMs = performance.now();
  while (performance.now() - startedMs < BACK_WITHIN_MS) {
    const now = await statusOf(folder);
    if (now !== undefined && now.run !== before.run && now.state === 'serving') return now;
    await setTimeout(LOOK_EVERY_MS);
  }
  throw new NodeError('ERR_PROXY_STATE', `the node has not come back within ${BACK_WITHIN_MS / 1_000} s: its log says why`);
}

/** Has the node whose state folder this is end, and waits until it has ended. @throws {NodeError} if none runs, or it refuses. */
export async function drainToTheEnd(folder: string): Promise<void> {
  await askNode(folder, 'drain');
  while ((await statusOf(folder)) !== undefined) await setTimeout(LOOK_EVERY_MS);
}

/** How the node is whose state folder this is; undefined while there is none. */
async function statusOf(folder: string): Promise<NodeStatus | undefined> {
  try {
    return JSON.parse(await askNode(folder, 'status')) as NodeStatus;
  } catch {
    return undefined;
  }
}
