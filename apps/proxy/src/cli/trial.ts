import type { NodeConfig } from '../config/node-config.ts';
import { startNode } from '../node/node.ts';
import { checkFiles } from './check-files.ts';

/**
 * Starts a node with the engine, the certificate and the limits of a configuration, and ends it. It has free ports on loopback, one
 * worker and no state. So it can be tried beside a node that serves (docs/operating.md, Updates and crashes).
 * @throws {ConfigError} about files with which the node would not start.
 * @throws {NodeError} if it does not start.
 */
export async function trial(config: NodeConfig): Promise<void> {
  await checkFiles(config);
  const node = await startNode(besideAnother(config));
  const { engine } = node;
  await node.close();
  process.stdout.write(`a node starts with this configuration: engine ${engine.kind} (${engine.reason})\n`);
}

/** Nothing that is another node's already. */
function besideAnother(config: NodeConfig): NodeConfig {
  const freePort = { host: '127.0.0.1', port: 0 };
  return Object.freeze({
    ...config,
    dataBind: freePort,
    controlBind: config.controlBind && freePort,
    httpBind: config.httpBind && freePort,
    stateDir: undefined,
    egressPorts: undefined,
    workers: 1,
    pin: 'off',
    busyPollUs: 0,
  });
}
