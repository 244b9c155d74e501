import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where the keys of nodes are kept that were trusted on first use: in `$XDG_STATE_HOME/lightspeed`, by default
 * `~/.local/state/lightspeed`; on Windows in `%LOCALAPPDATA%\lightspeed`.
 */
export function knownNodesFile(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  const { XDG_STATE_HOME, LOCALAPPDATA } = env;
  const own = platform === 'win32' ? LOCALAPPDATA : XDG_STATE_HOME;
  const usual = platform === 'win32' ? join(homedir(), 'AppData', 'Local') : join(homedir(), '.local', 'state');
  return join(own === undefined || own === '' ? usual : own, 'lightspeed', 'known-nodes');
}
