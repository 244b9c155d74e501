import type { NodeConfig } from '../config/node-config.ts';
import { startNode } from '../node/node.ts';
import { errnoOf } from '@lightspeed/udp';
import { NodeError, messageOf } from '../base/node-error.ts';
import { copyState } from '../state/state-copy.ts';
import { checkFiles } from './check-files.ts';

/**
 * Starts a node with the engine, the certificate and the limits of a configuration, and ends it. It has free ports on loopback, one
 * worker, and a copy of the state. So it goes on with the same sessions, but it tells their clients nothing. It can be tried beside a
 * node that serves (docs/operating.md, Updates and crashes).
 * @throws {ConfigError} about files with which the node would not start.
 * @throws {NodeError} if it does not start.
 */
export async function trial(config: NodeConfig): Promise<void> {
  await checkFiles(config);
  await using copy = config.stateDir === undefined ? undefined : await stateOf(config.stateDir);
  const node = await startNode({ ...besideAnother(config), stateDir: copy?.folder }).catch((error: unknown) => {
    if (!(error instanceof NodeError) || copy === undefined || config.stateDir === undefined) throw error;
    // It is the folder that can be mended, not the copy, which is gone then.
    throw new NodeError(error.code, error.message.replaceAll(copy.folder, config.stateDir), { cause: error });
  });
  const { engine } = node;
  const { sessions } = node.stats().relay;
  await node.suspend();
  process.stdout.write(
    `a node starts with this configuration: engine ${engine.kind} (${engine.reason}), ${sessions} of the sessions that are kept\n`,
  );
}

/** Of a state that cannot be copied for want of space a trial knows nothing: it is without state then. */
async function stateOf(folder: string): ReturnType<typeof copyState> {
  try {
    return await copyState(folder);
  } catch (cause) {
    if (['ENOSPC', 'EDQUOT', 'EROFS'].includes(errnoOf(cause) ?? '')) return undefined;
    throw new NodeError('ERR_PROXY_STATE', `${folder}: the state cannot be copied for a trial: ${messageOf(cause)}`, { cause });
  }
}

/** Nothing that is another node's already. */
function besideAnother(config: NodeConfig): NodeConfig {
  const freePort = { host: '127.0.0.1', port: 0 };
  return Object.freeze({
    ...config,
    dataBind: freePort,
    controlBind: config.controlBind && freePort,
    httpBind: config.httpBind && freePort,
    egressPorts: undefined,
    workers: 1,
    pin: 'off',
    busyPollUs: 0,
  });
}
