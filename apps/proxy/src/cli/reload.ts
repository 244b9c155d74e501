import type { Logger } from 'pino';
import { messageOf } from '../base/node-error.ts';
import type { NodeConfig } from '../config/node-config.ts';
import type { Reloaded } from '../node/admin-commands.ts';
import type { RunningNode } from '../node/live-node.ts';
import { checkFiles } from './check-files.ts';

/**
 * Reads the configuration again, and says in the log what has become of it. One that cannot be used changes nothing.
 * @param read gives it, or throws.
 * @throws why it cannot be used.
 */
export async function reload(node: RunningNode, read: () => NodeConfig, log: Logger): Promise<Reloaded> {
  try {
    const config = read();
    await checkFiles(config);
    const { changed, later } = await node.reload(config);
    log.info({ changed }, 'read the configuration again');
    if (later.length > 0) log.warn({ keys: later }, 'these settings count only after a restart: lightspeed-proxy restart');
    return { changed, later };
  } catch (error) {
    log.error({ why: messageOf(error) }, 'the configuration cannot be used: nothing has changed');
    throw error;
  }
}
